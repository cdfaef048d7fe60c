import { lsn, LSN_ZERO, NervelineError, type OutRecord } from '@nerveline/kernel';
import { ConfirmedPosition } from '../replication/confirmed-position';
import { SinkWriter } from './sink-writer';

const record = (key: string): OutRecord => ({ topic: 't', key, value: null, timestamp_ms: 0 });
const turn = () => new Promise((resolve) => setImmediate(resolve));

function createWriter(options: { max_batch_bytes?: number } = {}) {
  const writes: string[][] = [];
  const pressure: boolean[] = [];
  const failures: unknown[] = [];
  let beforeDurable: () => Promise<void> = () => Promise.resolve();
  const confirmed = new ConfirmedPosition(LSN_ZERO);
  const writer = new SinkWriter({
    sink: {
      write: async (records) => {
        await beforeDurable();
        writes.push(records.map(({ key }) => String(key)));
        return [];
      },
      lastPosition: () => Promise.resolve(undefined),
      readProgress: () => Promise.resolve(undefined),
      readSchemas: () => Promise.resolve([]),
    },
    confirmed,
    max_batch_bytes: options.max_batch_bytes ?? 100,
    max_pending_bytes: 200,
    onPressure: (pressed) => pressure.push(pressed),
    onFailure: (error) => failures.push(error),
    atFaultPoint: () => {},
  });
  const transaction = (at: number, keys: readonly string[], size_bytes = 10) => {
    writer.begin(lsn(BigInt(at)));
    for (const key of keys) writer.push(record(key), size_bytes);
    writer.end(lsn(BigInt(at + 5)));
  };
  return {
    writer,
    confirmed,
    writes,
    pressure,
    failures,
    transaction,
    gate: (wait: () => Promise<void>) => (beforeDurable = wait),
  };
}

describe('the writer', () => {
  it('puts what came meanwhile into one write', async () => {
    const { gate, transaction, writes, confirmed } = createWriter();
    let open = () => {};
    gate(() => new Promise((resolve) => (open = resolve)));
    transaction(10, ['a']);
    await turn();
    transaction(20, ['b']);
    transaction(30, ['c', 'd']);
    expect(confirmed.safe_lsn).toBe(0n);
    open();
    await turn();
    open();
    await turn();
    expect(writes).toEqual([['a'], ['b', 'c', 'd']]);
    expect(confirmed.safe_lsn).toBe(35n);
  });

  it('writes a transaction larger than a batch in slices, confirmed at its end', async () => {
    const { writer, writes, confirmed } = createWriter();
    writer.begin(lsn(10n));
    for (let i = 0; i < 10; i++) writer.push(record(`a${i}`), 10);
    await turn();
    expect(writes).toHaveLength(1);
    writer.push(record('b'), 10);
    await turn();
    expect(writes).toHaveLength(1);
    expect(confirmed.safe_lsn).toBe(0n);
    writer.end(lsn(15n));
    await turn();
    expect(writes).toHaveLength(2);
    expect(confirmed.safe_lsn).toBe(15n);
  });

  it('asks for a pause above its limit and takes it back below half of it', async () => {
    const { writer, transaction, pressure } = createWriter();
    writer.holdAll();
    transaction(10, ['a'], 201);
    expect(pressure).toEqual([true]);
    writer.release();
    await turn();
    expect(pressure).toEqual([true, false]);
  });

  it('lets a snapshot come between: what is below its position first, what is above after it', async () => {
    const { writer, transaction, writes } = createWriter();
    writer.holdAll();
    transaction(10, ['below']);
    transaction(20, ['above']);
    await turn();
    expect(writes).toEqual([]);
    writer.hold(lsn(20n));
    await writer.reached(lsn(20n));
    await writer.write(() => [record('row')]);
    writer.release();
    await turn();
    expect(writes).toEqual([['below'], ['row'], ['above']]);
  });

  it('has reached a position when a keep-alive says so and nothing is on its way', async () => {
    const { writer, transaction } = createWriter();
    transaction(10, ['a']);
    await turn();
    let reached = false;
    const waiting = writer.reached(lsn(50n)).then(() => (reached = true));
    await turn();
    expect(reached).toBe(false);
    writer.keepAlive(lsn(50n));
    await waiting;
  });

  it('writes nothing behind a failed write: progress least of all', async () => {
    const { writer, transaction, writes, failures, gate, confirmed } = createWriter();
    const full = new NervelineError('NL-LOG-003', { detail: 'full' });
    gate(() => Promise.reject(full));
    transaction(10, ['a']);
    await turn();
    expect(failures).toEqual([full]);
    gate(() => Promise.resolve());
    transaction(20, ['b']);
    await expect(writer.write(() => [record('progress')])).rejects.toBe(full);
    await expect(writer.reached(lsn(5n))).rejects.toBe(full);
    expect(writes).toEqual([]);
    expect(confirmed.safe_lsn).toBe(0n);
  });
});
