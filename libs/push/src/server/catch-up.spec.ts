import { topics, type PushFrame } from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import { defaultPushLimits } from '../limits';
import { CatchUp } from './catch-up';
import type { LiveStream } from './live-stream';
import { PushRecord } from './push-record';
import { Subscription, type PushSession } from './subscription';

const PARTITION = 'fraud.decisions/0';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const record = (at: number): PushRecord =>
  new PushRecord(topics.decisions, {
    topic: topics.decisions.name,
    partition: 0,
    offset: offset(at),
    key: bytes('demo/card'),
    value: bytes(String(at)),
    headers: {},
    timestamp_ms: at,
    appended_ms: at,
  });

/** A stream whose feed moves on by some records during each of the first reads, and one client that catches up. */
function open({ moves, stands_at }: { readonly moves: readonly number[]; readonly stands_at: number }) {
  let fed = 20;
  let reads = 0;
  const joined_at: { readonly position: unknown; readonly fed: number }[] = [];
  const shown: number[] = [];
  const reader = {
    restart: 'reset',
    snapshotStart: async () => ({ [PARTITION]: 0 }),
    next: async (_tenant: string, position: Record<string, number>) => {
      const to = fed;
      // While the log answers, the feed goes on.
      fed += moves[reads] ?? 0;
      reads += 1;
      const from = position[PARTITION] ?? 0;
      const records = Array.from({ length: to - from }, (_, index) => record(from + index));
      return { records, position: { [PARTITION]: to } };
    },
  };
  const stream = {
    parts: { name: 'fraud.decisions', reader },
    position: () => ({ [PARTITION]: fed }),
    behind: (position: Record<string, number>) => fed - (position[PARTITION] ?? 0),
    leave: () => undefined,
    join: (subscription: Subscription) => {
      subscription.live = true;
      joined_at.push({ position: subscription.position, fed });
    },
  } as unknown as LiveStream;
  const session = {
    served: false,
    closed: false,
    principal: { tenant_id: 'demo' },
    queue: { taken: async () => true, expect: () => undefined },
    sent: () => undefined,
    socket: { emit: (_name: string, frame: PushFrame) => shown.push(...frame.items.map((item) => item.offset)) },
    nextLagging: () => (subscription.live ? undefined : subscription),
  } as unknown as PushSession;
  const subscription: Subscription = new Subscription(
    session,
    stream,
    { [PARTITION]: stands_at },
    'delta',
    () => undefined,
  );
  const failures: unknown[] = [];
  const catchUp = new CatchUp({
    limits: defaultPushLimits,
    decode: (each) => ({
      topic: 'fraud.decisions',
      partition: 0,
      offset: each.offset,
      key: 'card',
      value: null,
      event_ms: 0,
      source_position: null,
      committed_ms: null,
    }),
    onStalled: () => failures.push('stalled'),
    onFailed: (_session, error) => failures.push(error),
  });
  return { catchUp, session, shown, joined_at, failures };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

// One record short of the feed is not there: the room's next frame begins behind it.
test.each([1, 2, 5, 6, 20])(
  'a client that stands %i records behind joins only where the feed stands',
  async (behind) => {
    const { catchUp, session, shown, joined_at, failures } = open({ moves: [], stands_at: 20 - behind });
    catchUp.serve(session);
    await settled(session);
    expect(failures).toEqual([]);
    expect(joined_at).toEqual([{ position: { [PARTITION]: 20 }, fed: 20 }]);
    expect(shown).toEqual(range(20 - behind, 20));
  },
);

test('a feed that moves on during the last reads is caught up with before the client joins', async () => {
  const { catchUp, session, shown, joined_at, failures } = open({ moves: [7, 3, 1], stands_at: 0 });
  catchUp.serve(session);
  await settled(session);
  expect(failures).toEqual([]);
  expect(joined_at).toEqual([{ position: { [PARTITION]: 31 }, fed: 31 }]);
  expect(shown).toEqual(range(0, 31));
});

async function settled(session: PushSession): Promise<void> {
  while (session.served) await new Promise(setImmediate);
}
