import { runReadmeExample } from '@nerveline/testing';

test('the rule in docs/add-a-service.md does what its comments say', async () => {
  const { promised, printed } = await runReadmeExample('docs/add-a-service.md', (id) => require(id) as unknown);
  expect(printed).toEqual(promised);
});
