import { openLog, type LogTopic } from '@nerveline/log';
import { Topology, TopologyRunner, type Stream, type TopicOf } from '@nerveline/stream';
import { createTempDirectory } from '@nerveline/testing';
import { NexmarkGenerator, type NexmarkEvent } from './events';
import { queries, type QueryName, type Row } from './queries';

const APPENDED_AT_ONCE = 2_000;
const retention: LogTopic['retention'] = { kind: 'age', retention_ms: 100 * 365 * 86_400_000 };
const catalogue: readonly LogTopic[] = [
  { name: 'nexmark.events', partitions: 1, owner: 'nexmark-writer', retention },
  { name: 'nexmark.rows', partitions: 1, owner: 'nexmark', retention },
];

const input: TopicOf<NexmarkEvent> = { name: 'nexmark.events', schema: { parse: (value) => value as NexmarkEvent } };
const output: TopicOf<Row> = { name: 'nexmark.rows', schema: { parse: (value) => value as Row } };

/**
 * A query from the embedded log and to it with effect once: JSON is decoded, rows are appended, state and positions are
 * committed each 10 s and at the end. The events are in the log before the clock starts.
 */
export async function queryOverLog(query: QueryName, events: number): Promise<number> {
  await using directory = await createTempDirectory();
  await fill(directory.path, events);
  const topology = new Topology();
  const rows: Stream<unknown, Row> = queries[query](
    topology.stream(input, { timestamp_ms: ({ dateTime }) => dateTime }),
  );
  rows.to(output);
  const log = await openLog({ data_directory: directory.path, service: 'nexmark', catalogue });
  try {
    const begun_ms = performance.now();
    const runner = await TopologyRunner.start({ topology, log, group: 'nexmark.bench', commit_every_ms: 10_000 });
    await runner.caughtUp();
    const took_s = (performance.now() - begun_ms) / 1_000;
    await runner.stop();
    const [position] = await log.positions('nexmark.bench');
    if (position?.next_offset !== events) throw new Error(`only ${position?.next_offset} of ${events} were handled`);
    return Math.round(events / took_s);
  } finally {
    await log.close();
  }
}

async function fill(data_directory: string, events: number): Promise<void> {
  const writer = await openLog({ data_directory, service: 'nexmark-writer', catalogue });
  const generator = new NexmarkGenerator();
  try {
    for (let from = 0; from < events; from += APPENDED_AT_ONCE) {
      const size = Math.min(APPENDED_AT_ONCE, events - from);
      const records = Array.from({ length: size }, (_, at) => {
        const event = generator.at(from + at);
        const value = Buffer.from(JSON.stringify(event));
        return { topic: input.name, key: null, partition: 0, value, timestamp_ms: event.dateTime };
      });
      await writer.append(records);
    }
  } finally {
    await writer.close();
  }
}
