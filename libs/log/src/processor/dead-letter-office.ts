import { heldRecordKey, type DeadLetterFilter, type HeldRecord } from '@nerveline/contracts';
import { NervelineError, type OutRecord } from '@nerveline/kernel';
import { readHeldPartition } from '../dlq/dead-letters';
import { heldTombstone, releaseRecord } from '../dlq/held-record-codec';
import type { Log } from '../ports/log';
import { outcomePromise, type Committer } from './committer';
import type { KeyNames } from './job';
import type { HeldTopicNames, SettleDeadLetters } from './options';
import type { Arriving } from './parked-key';
import type { Parking } from './parking';
import type { Timers } from './timers';

/** Dead letters that one commit takes. */
const CHUNK = 200;

export interface DeadLetterParts {
  readonly log: Pick<Log, 'read' | 'tail'>;
  readonly group: string;
  readonly partition: number;
  readonly topics: HeldTopicNames;
  readonly names: KeyNames;
  readonly timers: Timers;
  readonly held_by: string;
  readonly committer: Committer;
  readonly parking: Parking;
  /** Aborts when the partition belongs to somebody else. */
  readonly closed: AbortSignal;
}

/**
 * Sends dead letters of one partition through the group again, or forgets them, by the owner of the partition: a letter
 * that is sent leaves its topic and is parked, due at once, in one commit. So it goes before the later records of its key
 * that wait, and two who send the same letter at once send it once.
 */
export class DeadLetterOffice {
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: DeadLetterParts) {}

  settle(how: 'redrive' | 'discard', filter: DeadLetterFilter, settling: SettleDeadLetters): Promise<HeldRecord[]> {
    const work = this.#last.then(() => this.#settle(how, filter, settling));
    this.#last = work.catch(() => undefined);
    return work;
  }

  async #settle(
    how: 'redrive' | 'discard',
    filter: DeadLetterFilter,
    settling: SettleDeadLetters,
  ): Promise<HeldRecord[]> {
    const { log, group, topics, partition } = this.parts;
    const place = { topic: topics.dead_letters, partition };
    const letters = await readHeldPartition(log, place, { ...filter, group });
    if (filter.group !== undefined && filter.group !== group) return [];
    for (let from = 0; from < letters.length; from += CHUNK) {
      const chunk = letters.slice(from, from + CHUNK);
      const arriving = how === 'redrive' ? chunk.map((letter) => this.#readmit(letter)) : [];
      await this.#commit([
        ...arriving,
        ...chunk.map((letter) => leaving(this.#tombstone(letter))),
        ...(settling.audit?.(chunk) ?? []).map(leaving),
      ]);
    }
    return letters;
  }

  async #commit(acts: readonly Arriving[]): Promise<void> {
    const appends = acts.map(({ append }) => append);
    const [outcome, durable] = outcomePromise({ jobs: [], appends, state: [] });
    this.parts.committer.submit({
      ...outcome,
      durable: (positions) => {
        acts.forEach(({ placed }, i) => {
          const position = positions[i];
          if (position !== undefined) placed(position.offset);
        });
        outcome.durable(positions);
      },
    });
    const { closed, partition, group } = this.parts;
    const moved = () =>
      outcome.refused(
        new NervelineError('NL-LOG-033', { detail: `partition ${partition} of ${group} went elsewhere` }),
      );
    closed.addEventListener('abort', moved);
    if (closed.aborted) moved();
    await durable.finally(() => closed.removeEventListener('abort', moved));
  }

  #readmit(letter: HeldRecord): Arriving {
    const { timers, held_by, parking, names } = this.parts;
    const held: HeldRecord = { ...letter, reason: 'redriven', held_ms: timers.now_ms(), held_by };
    return parking.readmit(held, names.name(releaseRecord(letter)));
  }

  #tombstone(letter: HeldRecord): OutRecord {
    const { topics, partition, held_by, timers } = this.parts;
    const of = { key: heldRecordKey(letter), held_by, timestamp_ms: timers.now_ms() };
    return heldTombstone({ topic: topics.dead_letters, partition }, of);
  }
}

const leaving = (append: OutRecord): Arriving => ({ append, placed: () => undefined });
