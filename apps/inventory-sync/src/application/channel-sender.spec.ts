import type { ChannelStockUpdate } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import { ChannelSender, levelOfFailure, type Due } from './channel-sender';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const due = (sku: string, version: number, available = version): Due =>
  ({ tenant_id: 'demo', channel_id: 'web', sku, available, version, event_ms: 0, headers: {} }) as unknown as Due;

function open() {
  const requests: ChannelStockUpdate['items'][] = [];
  const taken: Due[] = [];
  const failures: number[] = [];
  let answer: () => Promise<void> = async () => {};
  const sender = new ChannelSender({
    endpoint: {
      send: (_url, { items }) => {
        requests.push(items);
        return answer();
      },
    },
    onTaken: async (batch) => {
      taken.push(...batch);
    },
    onFailure: (_error, count) => failures.push(count),
    random: () => 0.5,
  });
  return { sender, requests, taken, failures, answerWith: (next: () => Promise<void>) => (answer = next) };
}

const versions = (requests: readonly ChannelStockUpdate['items'][]) =>
  requests.map((items) => items.map(({ sku, version }) => `${sku}${version}`).join(' '));

test('what comes together travels together, and of each SKU the newest only', async () => {
  const { sender, requests } = open();
  sender.direct('http://channel');
  for (const [sku, version] of [
    ['A', 1],
    ['B', 1],
    ['A', 3],
    ['A', 2],
  ] as const)
    sender.offer(due(sku, version));
  await jest.advanceTimersByTimeAsync(0);
  expect(versions(requests)).toEqual(['A3 B1']);
});

test('while a request is under way, what comes waits, and is folded', async () => {
  const { sender, requests, answerWith } = open();
  let go = () => {};
  answerWith(() => new Promise((resolve) => (go = resolve)));
  sender.direct('http://channel');
  sender.offer(due('A', 1));
  await jest.advanceTimersByTimeAsync(0);
  for (const version of [2, 3, 4]) sender.offer(due('A', version));
  await jest.advanceTimersByTimeAsync(0);
  expect(versions(requests)).toEqual(['A1']);
  go();
  await jest.advanceTimersByTimeAsync(0);
  expect(versions(requests)).toEqual(['A1', 'A4']);
});

test('a failed version is not sent again once a newer one is known', async () => {
  const { sender, requests, taken, failures, answerWith } = open();
  answerWith(async () => {
    throw new NervelineError('NL-INV-016', { detail: 'no' });
  });
  sender.direct('http://channel');
  sender.offer(due('A', 1));
  await jest.advanceTimersByTimeAsync(0);
  sender.offer(due('A', 2, 0));
  answerWith(async () => {});
  await jest.advanceTimersByTimeAsync(1_000);
  expect(versions(requests)).toEqual(['A1', 'A2']);
  expect(requests[1]?.[0]).toMatchObject({ sold_out: true, available: 0 });
  expect(taken.map(({ version }) => version)).toEqual([2]);
  expect(failures).toEqual([1]);
});

test('the pauses between tries grow, up to a bound', async () => {
  const { sender, requests, failures, answerWith } = open();
  answerWith(async () => {
    throw new NervelineError('NL-INV-016', { detail: 'no' });
  });
  sender.direct('http://channel');
  sender.offer(due('A', 1));
  await jest.advanceTimersByTimeAsync(1_000);
  const in_a_second = requests.length;
  expect(in_a_second).toBeGreaterThan(3);
  expect(in_a_second).toBeLessThan(8);
  await jest.advanceTimersByTimeAsync(120_000);
  expect(requests.length - in_a_second).toBeGreaterThan(8);
  expect(failures.length).toBe(requests.length);
  const stopped = sender.stop();
  await jest.advanceTimersByTimeAsync(0);
  await stopped;
});

test('a channel without an endpoint gets what it is due once it has one', async () => {
  const { sender, requests } = open();
  sender.offer(due('A', 1));
  await jest.advanceTimersByTimeAsync(1_000);
  expect(requests).toEqual([]);
  expect(sender.due_skus).toBe(1);
  sender.direct('http://channel');
  await jest.advanceTimersByTimeAsync(0);
  expect(versions(requests)).toEqual(['A1']);
});

test('a channel that comes up with the platform is no warning, one that stays away is', async () => {
  const { sender, failures, answerWith } = open();
  answerWith(async () => {
    throw new NervelineError('NL-INV-016', { detail: 'no' });
  });
  sender.direct('http://channel');
  sender.offer(due('A', 1));
  const levels = () => failures.map(levelOfFailure).filter((level) => level !== undefined);
  await jest.advanceTimersByTimeAsync(12_000);
  expect(levels()).toEqual(['info']);
  await jest.advanceTimersByTimeAsync(18_000);
  expect(levels()).toEqual(['info', 'warn']);
  const stopped = sender.stop();
  await jest.advanceTimersByTimeAsync(0);
  await stopped;
});
