import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lsn, type Lsn } from '@nerveline/kernel';
import fc from 'fast-check';
import type { MessageConsumer } from '../pgoutput/message-consumer';
import { TransactionSequencer } from './transaction-sequencer';

const directory = mkdtempSync(join(tmpdir(), 'nerveline-sequencer-'));
afterAll(() => rmSync(directory, { recursive: true }));

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const u64 = (value: number) => Buffer.concat([u32(0), u32(value)]);
const gidBytes = (gid: string) => Buffer.from(`${gid}\0`);

/** Messages as the server sends them; `subxid` for those of a part. */
const message = {
  insert: (value: string, subxid?: number) => {
    const tuple = Buffer.concat([u32(9), Buffer.from('N'), Buffer.from([0, 1]), Buffer.from('t'), u32(value.length)]);
    return Buffer.concat([
      Buffer.from('I'),
      subxid === undefined ? u32(0).subarray(4) : u32(subxid),
      tuple,
      Buffer.from(value),
    ]);
  },
  relation: (table: string, subxid?: number) =>
    Buffer.concat([
      Buffer.from('R'),
      subxid === undefined ? Buffer.alloc(0) : u32(subxid),
      Buffer.concat([u32(9), Buffer.from(`public\0${table}\0d`), Buffer.from([0, 0])]),
    ]),
  begin: (xid: number, at: number) => Buffer.concat([Buffer.from('B'), u64(at), u64(0), u32(xid)]),
  commit: (at: number) => Buffer.concat([Buffer.from('C\0'), u64(at), u64(at + 1), u64(0)]),
  start: (xid: number) => Buffer.concat([Buffer.from('S'), u32(xid), Buffer.from([1])]),
  stop: () => Buffer.from('E'),
  streamCommit: (xid: number, at: number) =>
    Buffer.concat([Buffer.from('c'), u32(xid), Buffer.from([0]), u64(at), u64(at + 1), u64(0)]),
  abort: (xid: number, subxid: number) => Buffer.concat([Buffer.from('A'), u32(xid), u32(subxid)]),
  beginPrepare: (xid: number, at: number, gid: string) =>
    Buffer.concat([Buffer.from('b'), u64(at), u64(at + 1), u64(0), u32(xid), gidBytes(gid)]),
  prepare: (tag: 'P' | 'p', { xid, at, gid }: { xid: number; at: number; gid: string }) =>
    Buffer.concat([Buffer.from(`${tag}\0`), u64(at), u64(at + 1), u64(0), u32(xid), gidBytes(gid)]),
  commitPrepared: (xid: number, at: number, gid: string) =>
    Buffer.concat([Buffer.from('K\0'), u64(at), u64(at + 1), u64(0), u32(xid), gidBytes(gid)]),
  rollbackPrepared: (xid: number, at: number, gid: string) =>
    Buffer.concat([Buffer.from('r\0'), u64(at), u64(at + 1), u64(0), u64(0), u32(xid), gidBytes(gid)]),
};

interface Options {
  readonly max_memory_bytes?: number;
  readonly max_spill_bytes?: number;
}

function createSequencer({ max_memory_bytes = 200, max_spill_bytes = 1e9 }: Options = {}) {
  const seen: string[] = [];
  const holds: (Lsn | undefined)[] = [];
  const consumer: MessageConsumer = {
    handle: (given) => {
      if (given.kind === 'begin') seen.push(`begin ${given.xid} at ${given.commit_lsn}`);
      else seen.push(given.kind === 'relation' ? `relation ${given.relation.table}` : given.kind);
    },
    row: (row) => seen.push(row.after.text(0) ?? ''),
  };
  const sequencer = new TransactionSequencer({
    ...{ consumer, spill_directory: directory, max_memory_bytes, max_spill_bytes },
    ready: () => Promise.resolve(),
    holdBack: (at) => holds.push(at),
  });
  const take = async (...messages: readonly Buffer[]) => {
    for (const bytes of messages) {
      const framed = Buffer.concat([Buffer.from('x'), bytes, Buffer.from('y')]);
      await sequencer.take(framed, 1, framed.length - 1);
    }
  };
  return { sequencer, take, seen, holds };
}

/** A transaction as a tree of sub-transactions; those that are rolled back leave nothing. */
interface Step {
  readonly rows: number;
  readonly inner: readonly Step[];
  readonly rolled_back: boolean;
}
const stepOf = (inner: fc.Arbitrary<readonly Step[]>): fc.Arbitrary<Step> =>
  fc.record({ rows: fc.nat(6), inner, rolled_back: fc.boolean() });
const innermost = stepOf(fc.constant([]));
const step = stepOf(fc.array(stepOf(fc.array(innermost, { maxLength: 3 })), { maxLength: 3 }));

interface Played {
  readonly sent: Buffer[];
  readonly kept: string[];
  /** Of the step and of those inside it: the server names them all when it is rolled back, the outermost last. */
  readonly subxids: readonly number[];
}

/** What the server sends for a step, and which of its rows stay. */
function play(step: Step, names: { xid: number; subxid: number; next: () => number }): Played {
  const { xid, subxid, next } = names;
  const rows = Array.from({ length: step.rows }, () => `row ${next()}`);
  const inner = step.inner.map((each) => play(each, { xid, subxid: next(), next }));
  const subxids = [...inner.flatMap((each) => each.subxids), subxid];
  const sent = [...rows.map((row) => message.insert(row, subxid)), ...inner.flatMap((each) => each.sent)];
  if (!step.rolled_back) return { sent, subxids, kept: [...rows, ...inner.flatMap(({ kept }) => kept)] };
  return { sent: [...sent, ...subxids.map((each) => message.abort(xid, each))], subxids, kept: [] };
}

describe('transactions in progress', () => {
  it('come whole and in the order of their commits, without what was rolled back, however they were cut and spilled', async () => {
    const given = fc.array(fc.tuple(step, fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1 })), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(given, fc.nat(400), async (transactions, max_memory_bytes) => {
        let count = 1_000;
        const next = () => count++;
        const { sequencer, take, seen } = createSequencer({ max_memory_bytes });
        const running = transactions.map(([tree, cuts], i) => {
          const xid = i + 1;
          return {
            xid,
            cuts,
            ...play({ ...tree, rolled_back: false }, { xid, subxid: xid, next }),
            aborted: tree.rolled_back,
          };
        });
        const expected: string[] = [];
        let at = 100;
        for (let round = 0; running.some(({ sent }) => sent.length > 0); round++) {
          for (const { xid, sent, cuts } of running) {
            const part = sent.splice(0, cuts[round % cuts.length] ?? 1);
            const aborts = (bytes: Buffer) => bytes[0] === 'A'.charCodeAt(0);
            // Aborts come between the parts.
            await take(message.start(xid));
            for (const bytes of part) {
              if (aborts(bytes)) await take(message.stop(), bytes, message.start(xid));
              else await take(bytes);
            }
            await take(message.stop());
          }
          const whole = `whole ${next()}`;
          at += 10;
          await take(message.begin(9, at), message.insert(whole), message.commit(at));
          expected.push(`begin 9 at ${at}`, whole, 'commit');
        }
        for (const { xid, kept, aborted } of running) {
          at += 10;
          if (aborted) await take(message.abort(xid, xid));
          else {
            await take(message.start(xid), message.stop(), message.streamCommit(xid, at));
            expected.push(`begin ${xid} at ${at}`, ...kept, 'commit');
          }
        }
        expect(seen).toEqual(expected);
        expect(sequencer.held_bytes).toBe(0);
        await sequencer[Symbol.asyncDispose]();
      }),
    );
  });

  it('keep what describes a table, though its sub-transaction is rolled back: the server does not repeat it', async () => {
    const { take, seen } = createSequencer();
    await take(
      message.start(1),
      message.insert('a', 1),
      message.relation('t', 2),
      message.insert('b', 2),
      message.stop(),
    );
    await take(
      message.abort(1, 2),
      message.start(1),
      message.insert('c', 1),
      message.stop(),
      message.streamCommit(1, 50),
    );
    expect(seen).toEqual(['begin 1 at 50', 'a', 'relation t', 'c', 'commit']);
  });

  it('that the server aborts without having sent them are no error, as PostgreSQL 18 does', async () => {
    const { take, seen } = createSequencer();
    await take(message.abort(7, 8), message.abort(7, 7));
    expect(seen).toEqual([]);
  });

  it('stay in bounded memory, leave no file behind, and end with a code at their limit', async () => {
    const { sequencer, take } = createSequencer({ max_memory_bytes: 1_000, max_spill_bytes: 5_000 });
    await take(message.start(1));
    const rows = Array.from({ length: 400 }, (_, i) => message.insert(`row ${i}`, 1));
    await expect(take(...rows)).rejects.toMatchObject({ code: 'NL-CDC-021' });
    expect(sequencer.held_bytes).toBeGreaterThan(5_000);
    expect(readdirSync(directory)).toEqual([]);
    await sequencer[Symbol.asyncDispose]();
  });

  it('that do not fit on the disk end with a code', async () => {
    const sequencer = new TransactionSequencer({
      ...{ max_memory_bytes: 10, max_spill_bytes: 1e9, spill_directory: join(directory, 'missing') },
      ...{ ready: () => Promise.resolve(), holdBack: () => {}, consumer: { handle: () => {}, row: () => {} } },
    });
    const bytes = message.insert('a row', 1);
    await sequencer.take(message.start(1), 0, 6);
    await expect(sequencer.take(bytes, 0, bytes.length)).rejects.toMatchObject({ code: 'NL-CDC-021' });
  });
});

describe('prepared transactions', () => {
  it('come when they commit, hold back what is confirmed until then, and leave nothing when rolled back', async () => {
    const { take, seen, holds } = createSequencer();
    await take(message.beginPrepare(1, 100, 'one'), message.relation('t'), message.insert('a'));
    await take(message.prepare('P', { xid: 1, at: 100, gid: 'one' }));
    await take(message.start(2), message.insert('b', 2), message.stop());
    await take(message.prepare('p', { xid: 2, at: 200, gid: 'two' }));
    expect(holds).toEqual([100n, 100n]);
    await take(message.begin(3, 300), message.insert('c'), message.commit(300));
    await take(message.commitPrepared(1, 400, 'one'), message.rollbackPrepared(2, 500, 'two'));
    expect(holds.slice(2)).toEqual([lsn(200n), undefined]);
    // The relation at once: what committed in between may rely on it.
    expect(seen).toEqual([
      ...['relation t', 'begin 3 at 300', 'c', 'commit'],
      ...['begin 1 at 400', 'relation t', 'a', 'commit'],
    ]);
  });
});
