import { KeyedQueue } from './keyed-queue';

/** A task that ends when told to. */
function task(log: string[], name: string) {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const run = async () => {
    log.push(`${name} begins`);
    await ended;
    log.push(`${name} ends`);
  };
  return { run, end };
}

test('tasks that share a key run one after another, others side by side', async () => {
  const log: string[] = [];
  const queue = new KeyedQueue(10);
  const [first, second, other] = [task(log, 'first'), task(log, 'second'), task(log, 'other')];
  await queue.add(['A', 'B'], first.run);
  await queue.add(['B'], second.run);
  await queue.add(['C'], other.run);
  other.end();
  second.end();
  first.end();
  await queue.drain();
  expect(log.indexOf('other begins')).toBeLessThan(log.indexOf('first ends'));
  expect(log.indexOf('second begins')).toBeGreaterThan(log.indexOf('first ends'));
});

test('a full queue makes its source wait until a task is done', async () => {
  const log: string[] = [];
  const queue = new KeyedQueue(1);
  const only = task(log, 'only');
  const added = queue.add(['A'], only.run).then(() => log.push('room'));
  only.end();
  await added;
  expect(log).toEqual(['only begins', 'only ends', 'room']);
});

test('a failure reaches who waits for the end', async () => {
  const queue = new KeyedQueue(10);
  await queue.add(['A'], () => Promise.reject(new Error('no stock')));
  await expect(queue.drain()).rejects.toThrow('no stock');
});
