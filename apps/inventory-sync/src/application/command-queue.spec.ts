import type { IdempotencyKey, LocationId, Sku } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import type { StockCommand } from '../domain/command';
import { defaultPolicy } from '../domain/policy';
import { CommandQueue } from './command-queue';
import { emptyBook, type Books, type DecidedBatch } from './decide-batch';
import type { StockStore } from './stock-store';

const receive = (sku: string): StockCommand => ({
  kind: 'move',
  by: { tenant_id: 'demo', subject: 'tester', roles: [], scopes: [] },
  identity: { idempotency_key: `receive ${sku}` as IdempotencyKey, request_hash: sku },
  event: {
    kind: 'receipt',
    sku: sku as Sku,
    location_id: 'B1' as LocationId,
    quantity: 1,
    reason: 'test',
    channel_id: null,
    event_ms: 0,
  },
});

/** Books in memory, one SKU for each letter; a step may be made to fail, and is over when the test says so. */
class TestStore implements StockStore {
  readonly batches: number[] = [];
  fail: (batch: DecidedBatch, attempt: number) => Error | undefined = () => undefined;
  gate: Promise<void> = Promise.resolve();

  async step(_needs: unknown, decide: (books: Books) => DecidedBatch): Promise<DecidedBatch> {
    const book = emptyBook();
    for (const sku of 'ABCDEFGH') book.stock.set(sku as Sku, { last_entry: 0, levels: new Map() });
    book.locations.add('B1' as LocationId);
    const decided = decide(new Map([['demo', book]]));
    this.batches.push(decided.decided.length);
    await this.gate;
    const error = this.fail(decided, this.batches.length);
    if (error !== undefined) throw error;
    return decided;
  }
}

const open = (more: object = {}) => {
  const store = new TestStore();
  const options = { store, policy: defaultPolicy, lanes: 1, max_batch_commands: 100, max_waiting_commands: 4, ...more };
  return { store, queue: new CommandQueue(options) };
};

test('what arrives while a lane is busy travels in the next batch', async () => {
  const { store, queue } = open();
  let go = () => {};
  store.gate = new Promise((resolve) => (go = resolve));
  const first = queue.submit(receive('A'));
  await Promise.resolve();
  await Promise.resolve();
  const others = ['B', 'C', 'D'].map((sku) => queue.submit(receive(sku)));
  go();
  await Promise.all([first, ...others]);
  expect(store.batches).toEqual([1, 3]);
});

test('more than may wait is refused with a code', async () => {
  const { queue } = open();
  const waiting = ['A', 'B', 'C', 'D'].map((sku) => queue.submit(receive(sku)));
  await expect(queue.submit(receive('E'))).rejects.toMatchObject({ code: 'NL-INV-013' });
  await Promise.all(waiting);
});

test('a step that met another writer is tried again', async () => {
  const { store, queue } = open();
  store.fail = (_batch, attempt) => (attempt < 3 ? new NervelineError('NL-INV-015', { detail: 'met' }) : undefined);
  await expect(queue.submit(receive('A'))).resolves.toMatchObject({ kind: 'movement' });
  expect(store.batches).toEqual([1, 1, 1]);
});

test('one command that the store cannot take fails alone', async () => {
  const { store, queue } = open();
  const isBad = ({ command }: { command: StockCommand }) => command.kind === 'move' && command.event.sku === 'B';
  store.fail = ({ decided }) => (decided.some(isBad) ? new Error('bad') : undefined);
  const results = await Promise.allSettled(['A', 'B', 'C'].map((sku) => queue.submit(receive(sku))));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('drain resolves when everything that was accepted is answered', async () => {
  const { queue } = open();
  let is_answered = false;
  void queue.submit(receive('A')).then(() => (is_answered = true));
  await queue.drain();
  await Promise.resolve();
  expect(is_answered).toBe(true);
  await queue.drain();
});
