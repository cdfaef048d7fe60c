import { offset, type OutRecord } from '@nerveline/kernel';
import { openLog, type Log, type LogTopic } from '@nerveline/log';
import { Topology, TopologyDriver, TopologyRunner, window } from '@nerveline/stream';
import { z } from 'zod';

const PARTITIONS = 3;
export const GROUP = 'stream-runner.sums';
const retention: LogTopic['retention'] = { kind: 'age', retention_ms: 3_600_000_000_000 };
export const catalogue: readonly LogTopic[] = [
  { name: 'stream.sales', partitions: PARTITIONS, owner: 'stream-writer', retention },
  { name: 'stream.sums', partitions: 1, owner: 'stream-runner', retention },
];

const sale = z.object({ sku: z.string(), units: z.number(), sold_ms: z.number() });
type Sale = z.infer<typeof sale>;
export const sales = { name: 'stream.sales', partitions: PARTITIONS, schema: sale };
export const sums = { name: 'stream.sums', schema: z.string() };

/** Windows, sessions and a table, so that every kind of state has to come back. */
export function summing(sku_of_interest = 'a'): Topology {
  const topology = new Topology();
  const bySku = topology
    .stream(sales, { timestamp_ms: ({ sold_ms }) => sold_ms, out_of_orderness_ms: 5 })
    .keyBy(({ sku }) => sku);
  const windows = bySku.window(window.hopping({ size_ms: 20, hop_ms: 10 })).sum(({ units }) => units);
  const sessions = bySku
    .filter(({ sku }) => sku === sku_of_interest, { name: `only ${sku_of_interest}` })
    .window(window.session({ gap_ms: 4 }))
    .count();
  bySku
    .leftJoinTable(bySku.count({ name: 'sold' }), ({ units }, sold) => `record ${units} of ${sold ?? 0}`)
    .merge(windows.map(({ end_ms, value }) => `window ${end_ms} ${value}`))
    .merge(sessions.map(({ start_ms, end_ms, value }) => `session ${start_ms} ${end_ms} ${value}`))
    .map((line, { key }) => `${key} ${line}`)
    .to(sums);
  return topology;
}

/** Sales whose times go up unevenly, by partition. */
export function salesOf(seed: number, count: number): readonly (readonly Sale[])[] {
  const partitions: Sale[][] = Array.from({ length: PARTITIONS }, () => []);
  let word = seed;
  const below = (n: number) => {
    word = Math.imul(word ^ (word >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return ((word ^ (word >>> 13)) >>> 1) % n;
  };
  for (let at = 0; at < count; at += 1) {
    const sold_ms = Math.max(0, at * 2 - below(12));
    partitions[below(PARTITIONS)]?.push({ sku: 'abc'.charAt(below(3)), units: 1 + below(9), sold_ms });
  }
  return partitions;
}

export const recordOf = (value: Sale, partition: number): OutRecord => ({
  topic: sales.name,
  partition,
  key: value.sku,
  value: Buffer.from(JSON.stringify(value)),
  timestamp_ms: value.sold_ms,
});

/** What a run that nothing disturbs gives. */
export function undisturbed(partitions: readonly (readonly Sale[])[]): readonly string[] {
  const driver = new TopologyDriver(summing(), { order: 'by time' });
  for (const [partition, values] of partitions.entries()) {
    driver.pipe(sales, ...values.map((value) => ({ value, key: value.sku, partition })));
  }
  return driver.read(sums).map(({ value }) => value);
}

export async function outputsOf(log: Log): Promise<string[]> {
  const { next_offset } = await log.tail(sums.name, 0);
  const lines: string[] = [];
  for (let from = offset(0); from < next_offset;) {
    const batch = await log.read({ topic: sums.name, partition: 0, from });
    for (const { value } of batch.records) lines.push(JSON.parse(Buffer.from(value ?? []).toString()) as string);
    from = batch.next_offset;
  }
  return lines;
}

/** A process that runs the topology until it is killed. */
async function main(): Promise<void> {
  const [data_directory = ''] = process.argv.slice(2);
  const log = await openLog({ data_directory, service: 'stream-runner', catalogue });
  const options = { topology: summing(), log, group: GROUP, commit_every_ms: 0, read_ahead_records: 7 };
  const runner = await TopologyRunner.start(options);
  process.on('disconnect', () => process.exit(0));
  await runner.caughtUp();
  process.send?.({ caught_up: true });
  await runner.done;
}

if (require.main === module) void main();
