import { findTopic, scopes } from './index';
import { commands } from './commands';

test.each(Object.entries(commands))(
  'the command %s stands under its own name',
  (key, { name, topic, owner, scope }) => {
    expect(name).toBe(key);
    expect(findTopic(topic)?.owner).toBe(owner);
    expect(scopes).toContain(scope);
  },
);

test('the key of a command begins with the tenant of who sends it', () => {
  const by = { tenant_id: 'demo', subject: 'clerk', roles: [], scopes: [] };
  const request = { sku: 'A/17', lines: [{ sku: 'A/17' }] } as never;
  const keys = Object.values(commands).map((command) => command.key(request, by));
  expect(keys).toEqual(['demo', 'demo', 'demo/A%2F17', 'demo/A%2F17']);
});
