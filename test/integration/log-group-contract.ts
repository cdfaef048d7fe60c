import type { GroupMember, JoinOptions, Log } from '@nerveline/log';
import { partitionFor } from '@nerveline/log';
import type { Ownership } from '@nerveline/kernel';
import { offset } from '@nerveline/kernel';
import { eventually } from '@nerveline/testing';
import { catalogue, READER, readAll, record, text, WRITER, type OpenLogPlace } from './log-contract-kit';

const GROUP = `${WRITER}.work`;
const WITHIN = { within_ms: 20_000 };

/** A member that writes down what it hears. */
interface Heard {
  readonly member: GroupMember;
  readonly events: string[];
  numbers(): number[];
  ownership(partition: number): Ownership;
}

const numbersOf = (ownerships: readonly Ownership[]): string => ownerships.map(({ partition }) => partition).join(' ');

async function join(log: Log, options: Partial<JoinOptions> = {}): Promise<Heard> {
  const events: string[] = [];
  const { onAssigned, onRevoked, ...rest } = options;
  const member = await log.join({
    group: GROUP,
    topics: ['events'],
    ...rest,
    async onAssigned(ownerships) {
      events.push(`assigned ${numbersOf(ownerships)}`);
      await onAssigned?.(ownerships);
    },
    async onRevoked(ownerships) {
      events.push(`revoking ${numbersOf(ownerships)}`);
      await onRevoked?.(ownerships);
      events.push(`revoked ${numbersOf(ownerships)}`);
    },
    onLost: (ownerships) => void events.push(`lost ${numbersOf(ownerships)}`),
  });
  return {
    member,
    events,
    numbers: () => [...member.ownerships.keys()].sort((a, b) => a - b),
    ownership(partition) {
      const found = member.ownerships.get(partition);
      if (found === undefined) throw new Error(`partition ${partition} is not owned`);
      return found;
    },
  };
}

/** Resolves when the members share all three partitions in these numbers. */
const shared = (members: readonly Heard[], sizes: readonly number[]) =>
  eventually(() => {
    const all = members.flatMap((each) => each.numbers()).sort((a, b) => a - b);
    return all.join(' ') === '0 1 2' && members.every((each, i) => each.numbers().length === sizes[i]);
  }, WITHIN);

const counted = (value: string) => ({ state: [{ store: 'count', key: 'k', value: Buffer.from(value) }] });

/** What members of a group promise each other, in one process; those that die or hang are in specs with processes. */
export function describeGroupContract(name: string, openPlace: OpenLogPlace): void {
  describe(`${name} group`, () => {
    test('the only member owns every partition, in one generation', async () => {
      await using here = await openPlace(catalogue);
      const only = await join(await here.open(WRITER));
      expect(only.numbers()).toEqual([0, 1, 2]);
      expect(only.events).toEqual(['assigned 0 1 2']);
      expect(new Set([...only.member.ownerships.values()].map(({ generation }) => generation)).size).toBe(1);
    });

    test('two members share the partitions, and what one of them keeps is never taken from it', async () => {
      await using here = await openPlace(catalogue);
      const first = await join(await here.open(WRITER));
      const before = new Map(first.member.ownerships);
      const second = await join(await here.open(WRITER));
      await shared([first, second], [2, 1]);
      for (const [partition, ownership] of first.member.ownerships) expect(ownership).toEqual(before.get(partition));
      const [moved = -1] = second.numbers();
      expect(first.events).toEqual(['assigned 0 1 2', `revoking ${moved}`, `revoked ${moved}`]);
      expect(second.ownership(moved).generation).toBeGreaterThan(before.get(moved)?.generation ?? Infinity);
    });

    test('a member that leaves gives everything back, and the other takes it up under a higher generation', async () => {
      await using here = await openPlace(catalogue);
      const first = await join(await here.open(WRITER));
      const second = await join(await here.open(WRITER));
      await shared([first, second], [2, 1]);
      const kept = new Map(second.member.ownerships);
      const given = new Map(first.member.ownerships);
      await first.member.leave();
      await first.member.done;
      expect(first.numbers()).toEqual([]);
      await shared([second], [3]);
      for (const [partition, ownership] of kept) expect(second.ownership(partition)).toEqual(ownership);
      for (const [partition, { generation }] of given) {
        expect(second.ownership(partition).generation).toBeGreaterThan(generation);
      }
    });

    test('a partition goes to the next owner only when its owner has let go of it', async () => {
      await using here = await openPlace(catalogue);
      let letGo: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (letGo = resolve));
      const log = await here.open(WRITER);
      const first = await join(log, { onRevoked: () => held });
      const joining = join(await here.open(WRITER));
      const revoking = await eventually(() => first.events.find((event) => event.startsWith('revoking')), WITHIN);
      const partition = Number(revoking.split(' ')[1]);
      // What it still finishes counts.
      await log.commit({ ownership: first.ownership(partition), ...counted('1') });
      letGo();
      const second = await joining;
      await shared([first, second], [2, 1]);
      expect(second.numbers()).toEqual([partition]);
    });

    test('a commit behind the revocation is refused whole', async () => {
      await using here = await openPlace(catalogue);
      const log = await here.open(WRITER);
      const first = await join(log);
      const before = new Map(first.member.ownerships);
      const second = await join(await here.open(WRITER));
      await shared([first, second], [2, 1]);
      const [moved = -1] = second.numbers();
      const ownership = before.get(moved);
      if (ownership === undefined) throw new Error('it was never owned');
      const late = log.commit({ ownership, appends: [record('k', 'late', { topic: 'events', partition: moved })] });
      await expect(late).rejects.toMatchObject({ code: 'NL-LOG-004' });
      expect(await readAll(log, 'events', moved)).toEqual([]);
    });

    test('a commit in a generation that nobody owns is refused', async () => {
      await using here = await openPlace(catalogue);
      const log = await here.open(WRITER);
      const only = await join(log);
      const { generation, ...rest } = only.ownership(1);
      const ownership = { ...rest, generation: (generation + 1) as typeof generation };
      await expect(log.commit({ ownership, ...counted('1') })).rejects.toMatchObject({ code: 'NL-LOG-004' });
    });

    test('a new owner sees the state and the position that the last one committed', async () => {
      await using here = await openPlace(catalogue);
      const log = await here.open(WRITER);
      const first = await join(log);
      const ownership = first.ownership(1);
      const position = {
        group: GROUP,
        topic: 'events',
        partition: 1,
        next_offset: offset(5),
        applied_above: [offset(8)],
      };
      await log.commit({ ownership, ...counted('7'), positions: [position] });
      expect(text(log.state.get('count', 'k') ?? null)).toBe('7');
      await first.member.leave();
      const other = await here.open(WRITER);
      const seen: (string | null)[] = [];
      const second = await join(other, {
        onAssigned: async () => void seen.push(text(other.state.get('count', 'k') ?? null)),
      });
      expect(seen).toEqual(['7']);
      expect(await other.positions(GROUP)).toEqual([position]);
      await other.commit({ ownership: second.ownership(1), ...counted('8') });
      expect(text(other.state.get('count', 'k') ?? null)).toBe('8');
    });

    test('commits of one owner are in the order of their calls, records and state', async () => {
      await using here = await openPlace(catalogue);
      const log = await here.open(WRITER);
      const ownership = (await join(log)).ownership(0);
      const numbers = Array.from({ length: 40 }, (_, i) => `${i}`);
      await Promise.all(
        numbers.map((i) =>
          log.commit({ ownership, appends: [record('k', i, { topic: 'events', partition: 0 })], ...counted(i) }),
        ),
      );
      expect((await readAll(log, 'events', 0)).map(({ value }) => text(value))).toEqual(numbers);
      expect(text(log.state.get('count', 'k') ?? null)).toBe('39');
    });

    test('who owns a key is told to everybody: the address of the member, and its generation', async () => {
      await using here = await openPlace(catalogue);
      const first = await join(await here.open(WRITER), { address: 'test://first' });
      const second = await join(await here.open(WRITER), { address: 'test://second' });
      await shared([first, second], [2, 1]);
      const reader = await here.open(READER);
      for (let i = 0; i < 12; i += 1) {
        const key = `demo/${i}`;
        const partition = partitionFor(key, 3);
        const [address, owner] = first.numbers().includes(partition)
          ? ['test://first', first]
          : ['test://second', second];
        await eventually(async () => {
          const told = await reader.ownerOf('events', key);
          expect(told).toEqual({ address, generation: owner.ownership(partition).generation });
          return true;
        }, WITHIN);
      }
    });

    test('what onAssigned fails with ends the membership, and is told', async () => {
      await using here = await openPlace(catalogue);
      const log = await here.open(WRITER);
      const broken = join(log, { onAssigned: () => Promise.reject(new Error('no room for it')) });
      await expect(broken).rejects.toThrow('no room for it');
    });

    test("a group of another service, and a topic that isn't there, are refused", async () => {
      await using here = await openPlace(catalogue);
      const log = await here.open(WRITER);
      await expect(join(log, { group: 'neighbour.work' })).rejects.toMatchObject({ code: 'NL-LOG-002' });
      await expect(join(log, { topics: ['nobody'] })).rejects.toMatchObject({ code: 'NL-LOG-001' });
    });

    test('a log that is closed leaves its groups', async () => {
      await using here = await openPlace(catalogue);
      const closing = await here.open(WRITER);
      const first = await join(closing);
      const second = await join(await here.open(WRITER));
      await shared([first, second], [2, 1]);
      await closing.close();
      await shared([second], [3]);
    });
  });
}
