import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topicCatalogue } from '@nerveline/contracts';
import { NervelineError, type InputPosition } from '@nerveline/kernel';
import { LogTopics, type LogTopic } from '../adapters/embedded/log-topic';
import { openLog } from '../adapters/embedded/open-log';
import { SharedEnvironment } from '../adapters/embedded/shared-environment';
import { Cluster } from '../adapters/kafka/cluster/cluster';
import { OffsetLookup } from '../adapters/kafka/cluster/offset-lookup';
import { TopicAdmin } from '../adapters/kafka/cluster/topic-admin';
import { Fetcher } from '../adapters/kafka/fetch/fetcher';
import { KafkajsWire } from '../adapters/kafka/kafkajs/kafkajs-wire';
import { openKafkaLog } from '../adapters/kafka/open-kafka-log';
import { readKafkaSettings, type KafkaSettingsInput } from '../adapters/kafka/settings';
import { changelogTopic } from '../adapters/kafka/topic-plan';
import { KafkaNames } from '../adapters/kafka/topic-names';
import type { Log } from '../ports/log';
import { digestPartition } from './compare';
import { OffsetFiller } from './offset-filler';
import { PartitionCopier } from './partition-copier';
import { idOf, scanState, StateMover, type StateMoverParts } from './state-mover';

export interface MoveOptions {
  readonly data_directory: string;
  readonly kafka: KafkaSettingsInput;
  /** The largest record that a service writes. */
  max_record_bytes(service: string): number;
  /** Topics beside the platform's own; one of the same name replaces it. */
  readonly catalogue?: readonly LogTopic[];
  /** Hears what is being done. */
  onStep?(step: string): void;
}

export interface MovedTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly records: number;
  readonly size_bytes: number;
  /** Of what readers get, the same on both sides. */
  readonly checksum: string;
}

/** What was moved of one service, and found to be the same on both sides. */
export interface MovedService {
  readonly service: string;
  readonly topics: readonly MovedTopic[];
  readonly state_entries: number;
  /** Of its groups: each partition's position is the same number as before. */
  readonly positions: number;
}

/** No pass of it changes what is being copied. */
const NEVER_MS = 2_147_483_647;

/**
 * Moves the log of a data directory to Kafka: records with their order, keys, headers, event times *and offsets*, so that
 * positions, read vectors and whatever else names an offset stay true; state into the changelogs; positions of the groups.
 * Then all of it is read on both sides and compared. What is in the data directory stays as it is. Called again after a
 * crash it goes on where it was.
 *
 * @throws NervelineError `NL-LOG-010` a service runs, `NL-LOG-040`, `NL-LOG-041`, and what opening Kafka raises
 */
export async function moveToKafka(options: MoveOptions): Promise<readonly MovedService[]> {
  const topics = new LogTopics([...topicCatalogue, ...(options.catalogue ?? [])]);
  const services = [...new Set(topics.all().map(({ owner }) => owner))];
  await using sources = new Sources();
  // All of them first: a service that runs is found out before anything is moved.
  for (const service of services) await sources.open(service, options);
  await using targets = new Targets();
  const moves: ServiceMove[] = [];
  for (const service of services) {
    const target = await targets.open(service, topics, options);
    const source = sources.logs.get(service);
    if (source !== undefined) moves.push({ service, source, target, own: topics.ownedBy(service), options });
  }
  // Records, then state, then positions: who starts in between finds nothing that refers to what isn't there.
  for (const move of moves) await copyTopics(move);
  for (const move of moves) await carryState(move);
  const moved: MovedService[] = [];
  for (const move of moves) moved.push(await compareService(move));
  return moved;
}

/** The logs that are moved, held so that nobody writes them meanwhile. */
class Sources implements AsyncDisposable {
  readonly logs = new Map<string, Log>();

  async open(service: string, { data_directory, catalogue = [] }: MoveOptions): Promise<void> {
    if (!existsSync(join(data_directory, 'log', service, 'data.mdb'))) return;
    this.logs.set(service, await openLog({ data_directory, service, catalogue, housekeeping_interval_ms: NEVER_MS }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const log of this.logs.values()) await log.close();
  }
}

/** Where a service's log goes. */
interface Target extends StateMoverParts {
  readonly mover: StateMover;
}

class Targets implements AsyncDisposable {
  readonly #open: { readonly cluster: Cluster; readonly fetcher: Fetcher }[] = [];

  /** Makes the topics of a service. */
  async open(service: string, topics: LogTopics, { kafka, max_record_bytes }: MoveOptions): Promise<Target> {
    const settings = readKafkaSettings({ ...kafka, max_record_bytes: max_record_bytes(service) });
    const cluster = new Cluster(new KafkajsWire(settings), settings, () => undefined);
    const lookup = new OffsetLookup(cluster);
    const fetcher = new Fetcher(cluster, lookup);
    this.#open.push({ cluster, fetcher });
    const names = new KafkaNames(settings.prefix, service);
    const all = topics.all();
    const wanted = { own: topics.ownedBy(service), all, changelog: changelogTopic(service, all) };
    const changelog_partitions = await new TopicAdmin(cluster, names).ensure(wanted);
    const parts = { cluster, lookup, fetcher, names, changelog_partitions };
    return { ...parts, mover: new StateMover(parts) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { cluster, fetcher } of this.#open) {
      fetcher.close();
      cluster.close();
    }
  }
}

interface ServiceMove {
  readonly service: string;
  readonly source: Log;
  readonly target: Target;
  readonly own: readonly LogTopic[];
  readonly options: MoveOptions;
}

async function copyTopics({ service, source, target, own, options }: ServiceMove): Promise<void> {
  const { cluster, lookup, names } = target;
  const filler = await OffsetFiller.begin(cluster, lookup, names.broker(`${service}/move`));
  const copier = new PartitionCopier({ cluster, lookup, filler, source, nameOf: (topic) => names.broker(topic) });
  for (const topic of own) {
    options.onStep?.(`${service}: copies ${topic.name}`);
    for (let partition = 0; partition < topic.partitions; partition += 1) await copier.copy(topic, partition);
  }
}

async function carryState(move: ServiceMove): Promise<void> {
  const { service, source, target, options } = move;
  options.onStep?.(`${service}: carries its state and positions`);
  const positions = await positionsOf(source, service);
  await withEnvironment(move, (environment) => target.mover.move(environment, positions));
}

async function compareService(move: ServiceMove): Promise<MovedService> {
  const { service, source, target, own, options } = move;
  options.onStep?.(`${service}: compares`);
  const positions = await positionsOf(source, service);
  const changelog = await target.mover.changelog();
  const state_entries = await withEnvironment(move, async (environment) => compareState(environment, changelog));
  const topics = await withReader(options, (reader) => compareLogs(source, own, { reader, positions }));
  return { service, topics, state_entries, positions: positions.length };
}

async function withEnvironment<T>(
  { service, options }: ServiceMove,
  use: (environment: SharedEnvironment) => Promise<T>,
): Promise<T> {
  const environment = SharedEnvironment.use(join(options.data_directory, 'log'), service);
  try {
    return await use(environment);
  } finally {
    await environment.release();
  }
}

async function positionsOf(source: Log, service: string): Promise<readonly InputPosition[]> {
  const groups = (await source.groups()).filter((group) => group.startsWith(`${service}.`));
  return (await Promise.all(groups.map((group) => source.positions(group)))).flat();
}

/** What any other program would read there. */
async function withReader<T>({ kafka, catalogue = [] }: MoveOptions, use: (log: Log) => Promise<T>): Promise<T> {
  const data_directory = mkdtempSync(join(tmpdir(), 'nerveline-move-'));
  const log = await openKafkaLog({ ...kafka, service: 'move', data_directory, catalogue });
  try {
    return await use(log);
  } finally {
    await log.close();
    rmSync(data_directory, { recursive: true, force: true });
  }
}

/** @throws NervelineError `NL-LOG-041` */
async function compareLogs(
  source: Log,
  own: readonly LogTopic[],
  { reader, positions }: { readonly reader: Log; readonly positions: readonly InputPosition[] },
): Promise<MovedTopic[]> {
  const moved: MovedTopic[] = [];
  for (const { name: topic, partitions } of own) {
    let records = 0;
    let size_bytes = 0;
    const hash = createHash('sha256');
    for (let partition = 0; partition < partitions; partition += 1) {
      const here = await digestPartition(source, topic, partition);
      const there = await digestPartition(reader, topic, partition);
      requireSame(`${topic}/${partition}`, here, there);
      records += here.records;
      size_bytes += here.size_bytes;
      hash.update(here.checksum);
    }
    moved.push({ topic, partitions, records, size_bytes, checksum: hash.digest('hex') });
  }
  for (const group of new Set(positions.map((position) => position.group))) {
    requireSame(`positions of ${group}`, await sorted(source, group), await sorted(reader, group));
  }
  return moved;
}

const sorted = async (log: Log, group: string): Promise<readonly InputPosition[]> =>
  [...(await log.positions(group))].sort((a, b) =>
    a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
  );

/** @throws NervelineError `NL-LOG-041` */
function compareState(
  environment: SharedEnvironment,
  changelog: ReadonlyMap<string, { readonly value: Uint8Array | null }>,
): number {
  let entries = 0;
  for (const write of scanState(environment)) {
    const there = changelog.get(idOf(write))?.value ?? null;
    const same = there !== null && write.value !== null && Buffer.compare(there, write.value) === 0;
    if (!same) throw different(`state ${write.store}/${write.key}`);
    entries += 1;
  }
  requireSame('entries of state', entries, changelog.size);
  return entries;
}

function requireSame(what: string, here: unknown, there: unknown): void {
  const [a, b] = [JSON.stringify(here), JSON.stringify(there)];
  if (a !== b) throw different(`${what}: ${a} here, ${b} there`);
}

const different = (detail: string): NervelineError => new NervelineError('NL-LOG-041', { detail });
