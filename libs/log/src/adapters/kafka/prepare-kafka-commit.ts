import { NervelineError, type Commit, type InputPosition, type StateWrite } from '@nerveline/kernel';
import { partitionFor } from '../../partitioner';
import { MAX_NAME_BYTES, MAX_STATE_KEY_BYTES } from '../embedded/keys';
import type { LogTopics } from '../embedded/log-topic';
import { encodeApplied } from './position-metadata';
import type { PreparedCommit } from './produce/commit-queue';
import type { RecordPlacer } from './produce/placed-record';
import { encodeChange } from './state/changelog-codec';
import type { KafkaNames } from './topic-names';

export interface PreparingRules {
  readonly topics: LogTopics;
  readonly service: string;
  readonly placer: RecordPlacer;
  readonly names: KafkaNames;
  readonly changelog_partitions: number;
  /** One instance works at a time: its state is one whole, whoever of its parts writes it. */
  readonly alone: boolean;
}

/** Turns commits into what a transaction needs. Whatever the caller did wrong is found here, before anything is sent. */
export class KafkaCommitPreparer {
  constructor(private readonly rules: PreparingRules) {}

  /** @throws NervelineError `NL-LOG-001`, `NL-LOG-002`, `NL-LOG-007`, `NL-LOG-012`, `NL-LOG-014`, `NL-LOG-025` */
  prepare({ appends = [], state = [], positions = [], ownership }: Commit): PreparedCommit {
    const { placer, changelog_partitions, alone } = this.rules;
    const owner = alone ? undefined : ownership;
    return {
      appends: appends.map((out) => placer.place(out)),
      changelog: state.map((write) => {
        checkWrite(write);
        // Without ownership the key decides, so that a compacted changelog has one place for it.
        const partition = owner?.partition ?? partitionFor(`${write.store}\0${write.key}`, changelog_partitions);
        return { partition, write, ...encodeChange(write, owner?.group ?? '') };
      }),
      offsets: positions.map((position) => this.offsetOf(position)),
    };
  }

  private offsetOf(position: InputPosition): PreparedCommit['offsets'][number] {
    const { topics, service, names } = this.rules;
    const { group, topic, partition, next_offset } = position;
    checkGroup(group, service);
    topics.findPartition(topic, partition);
    return {
      group: names.broker(group),
      topic: names.broker(topic),
      partition,
      offset: next_offset,
      metadata: encodeApplied(position),
    };
  }
}

/** @throws NervelineError `NL-LOG-002`, `NL-LOG-014` */
export function checkGroup(group: string, service: string): void {
  if (!group.startsWith(`${service}.`)) {
    throw new NervelineError('NL-LOG-002', { detail: `group ${group} is not of ${service}` });
  }
  checkName(group);
}

function checkWrite({ store, key }: StateWrite): void {
  checkName(store);
  const size_bytes = Buffer.byteLength(key);
  if (size_bytes <= MAX_STATE_KEY_BYTES) return;
  throw new NervelineError('NL-LOG-014', {
    detail: `a key of ${size_bytes} bytes in store ${store}, the limit is ${MAX_STATE_KEY_BYTES}`,
  });
}

/** Names end with a zero byte in keys, so they can't hold one. */
function checkName(name: string): void {
  if (name.length > 0 && Buffer.byteLength(name) <= MAX_NAME_BYTES && !name.includes('\0')) return;
  throw new NervelineError('NL-LOG-014', {
    detail: `a store or group is named by 1 to ${MAX_NAME_BYTES} bytes without zeros`,
  });
}
