import { topics, type Topic } from '@nerveline/contracts';
import type { Outbox } from './outbox';
import { partitionsOf, readAll, type ReadableLog } from './read-topic';

/** A decision or incident that came out otherwise; partition -1 when the log has none in its place. */
export interface Difference {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly recorded: string | null;
  readonly replayed: string | null;
}

/** What was made of one key, in its order. */
interface Story {
  readonly recorded: { readonly partition: number; readonly offset: number; readonly value: string | null }[];
  readonly replayed: (string | null)[];
}

/**
 * Compares what a replay made with what the log holds, byte for byte, key by key. Among different keys there is no
 * order to compare: a change of the traffic is decided vehicle by vehicle, and fixes of others come in between.
 */
export async function compareWithLog(
  log: ReadableLog,
  outbox: Outbox,
): Promise<{ readonly compared: number; readonly differences: readonly Difference[] }> {
  const differences: Difference[] = [];
  let compared = 0;
  for (const topic of [topics.rerouteDecisions, topics.traffic]) {
    for (const { recorded, replayed } of (await storiesOf(log, outbox, topic)).values()) {
      for (let index = 0; index < Math.max(recorded.length, replayed.length); index++) {
        const was = recorded[index];
        const is = replayed[index] ?? null;
        compared++;
        if (was?.value === is) continue;
        const { partition = -1, offset = index } = was ?? {};
        differences.push({ topic: topic.name, partition, offset, recorded: was?.value ?? null, replayed: is });
      }
    }
  }
  return { compared, differences };
}

async function storiesOf(log: ReadableLog, outbox: Outbox, topic: Topic): Promise<Map<string, Story>> {
  const stories = new Map<string, Story>();
  const storyOf = (key: string): Story => {
    const known = stories.get(key) ?? { recorded: [], replayed: [] };
    stories.set(key, known);
    return known;
  };
  for (const partition of partitionsOf(topic)) {
    for (const { key, offset, value } of await readAll(log, topic, partition)) {
      storyOf(textOf(key) ?? '').recorded.push({ partition, offset, value: textOf(value) });
    }
  }
  for (const { topic: name, key, value } of outbox.appends) {
    if (name === topic.name) storyOf(textOf(key) ?? '').replayed.push(textOf(value));
  }
  return stories;
}

const text = new TextDecoder();

const textOf = (bytes: string | Uint8Array | null): string | null =>
  bytes === null || typeof bytes === 'string' ? bytes : text.decode(bytes);
