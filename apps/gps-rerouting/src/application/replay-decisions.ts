import {
  decodeJson,
  decodePositionFix,
  splitTenantKey,
  tenantId,
  topics,
  vehicleId,
  type FleetCommand,
  type ReadVector,
  type Topic,
  type TrafficIncident,
} from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import type { Log, LogRecord } from '@nerveline/log';
import { inputTopics, OwnOffsets, partitionName, type PartitionOf } from './own-offsets';
import { Outbox } from './outbox';
import { takeReport } from './report-traffic';
import type { Step } from './step';
import { findTrip, takeAnswer, takePlan } from './take-command';
import { takeFix } from './take-fix';
import { World, type Surroundings } from './world';

/** A decision or incident that came out otherwise. */
export interface Difference {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly recorded: string | null;
  readonly replayed: string | null;
}

export interface ReplayReport {
  readonly fixes: number;
  readonly inputs: number;
  /** Decisions and incidents that were compared byte for byte. */
  readonly compared: number;
  readonly differences: readonly Difference[];
}

type Input =
  | { readonly kind: 'traffic'; readonly vector: ReadVector; readonly traffic: TrafficIncident }
  | { readonly kind: 'command'; readonly vector: ReadVector; readonly command: FleetCommand };

/**
 * Feeds the recorded inputs to the code that runs live, in the order that their read vectors give, and compares what
 * comes out with what was recorded, byte for byte.
 *
 * The vectors of inputs grow with every input, so their sum is the order. Fixes stand between them by their offsets;
 * two vehicles' fixes never meet, so the order between partitions doesn't matter.
 */
export async function replayDecisions(
  log: Pick<Log, 'read' | 'tail'>,
  surroundings: Surroundings,
  partitionOf: PartitionOf,
): Promise<ReplayReport> {
  const outbox = new Outbox(new OwnOffsets(partitionOf));
  const step: Step = { world: new World(surroundings), outbox };
  for (const topic of inputTopics) {
    for (let partition = 0; partition < topic.partitions; partition++) {
      outbox.offsets.set(topic.name, partition, (await log.tail(topic.name, partition)).start_offset);
    }
  }
  const fixes = await Promise.all(partitionsOf(topics.positions).map((p) => readAll(log, topics.positions, p)));
  const inputs = await readInputs(log);
  const fed = fixes.map(() => 0);
  const feedFixes = (upTo: (partition: number) => number) => {
    fixes.forEach((records, partition) => {
      let next = fed[partition] ?? 0;
      for (
        let record = records[next];
        record !== undefined && record.offset < upTo(partition);
        record = records[++next]
      ) {
        feedFix(step, record);
      }
      fed[partition] = next;
    });
  };
  for (const input of inputs) {
    feedFixes((partition) => input.vector.offsets[partitionName(topics.positions.name, partition)] ?? 0);
    feedInput(step, input);
  }
  feedFixes(() => Infinity);
  const compared = await compare(log, outbox, partitionOf);
  return { fixes: fixes.flat().length, inputs: inputs.length, ...compared };
}

function feedFix({ world, outbox }: Step, record: LogRecord): void {
  const [tenant = '', id = ''] = splitTenantKey(textOf(record.key));
  const tenant_id = tenantId.parse(tenant);
  if (record.value === null) return;
  const fix = decodePositionFix(vehicleId.parse(id), record.value);
  outbox.position(tenant_id, fix);
  takeFix({ world, outbox }, tenant_id, fix);
}

function feedInput(step: Step, input: Input): void {
  if (input.kind === 'traffic') {
    const { vehicles_hit: _hit, metric_version: _version, read_vector: _vector, ...reported } = input.traffic;
    takeReport(step, reported, input.vector.event_clock_ms);
    return;
  }
  const { command } = input;
  step.outbox.command(command);
  if (command.kind === 'plan') takePlan(step, command, findTrip(step.world, command));
  else takeAnswer(step, command);
}

async function readInputs(log: Pick<Log, 'read' | 'tail'>): Promise<Input[]> {
  const inputs: Input[] = [];
  for (const { value } of await readAll(log, topics.traffic, 0)) {
    const traffic = value === null ? undefined : decodeJson(topics.traffic, value);
    if (traffic?.read_vector !== undefined) inputs.push({ kind: 'traffic', vector: traffic.read_vector, traffic });
  }
  for (const partition of partitionsOf(topics.fleetCommands)) {
    for (const { value } of await readAll(log, topics.fleetCommands, partition)) {
      if (value === null) continue;
      const command = decodeJson(topics.fleetCommands, value);
      inputs.push({ kind: 'command', vector: command.read_vector, command });
    }
  }
  const taken = ({ vector }: Input) => Object.values(vector.offsets).reduce((sum, next) => sum + next, 0);
  return inputs.sort((a, b) => taken(a) - taken(b));
}

async function compare(log: Pick<Log, 'read' | 'tail'>, outbox: Outbox, partitionOf: PartitionOf) {
  const differences: Difference[] = [];
  let compared = 0;
  for (const topic of [topics.rerouteDecisions, topics.traffic]) {
    for (const partition of partitionsOf(topic)) {
      const recorded = await readAll(log, topic, partition);
      const replayed = outbox.appends.filter(
        (record) => record.topic === topic.name && partitionOf(textOf(record.key), topic.partitions) === partition,
      );
      for (let index = 0; index < Math.max(recorded.length, replayed.length); index++) {
        const [was, is] = [bytesOf(recorded[index]), bytesOf(replayed[index])];
        compared++;
        if (was === is) continue;
        const at_offset = recorded[index]?.offset ?? index;
        differences.push({ topic: topic.name, partition, offset: at_offset, recorded: was, replayed: is });
      }
    }
  }
  return { compared, differences };
}

const partitionsOf = (topic: Topic): number[] => Array.from({ length: topic.partitions }, (_, partition) => partition);

const text = new TextDecoder();

const textOf = (bytes: string | Uint8Array | null): string =>
  bytes === null ? '' : typeof bytes === 'string' ? bytes : text.decode(bytes);

const bytesOf = (record: { readonly value: Uint8Array | null } | undefined): string | null =>
  record === undefined || record.value === null ? null : text.decode(record.value);

async function readAll(log: Pick<Log, 'read' | 'tail'>, topic: Topic, partition: number): Promise<LogRecord[]> {
  const { start_offset, next_offset } = await log.tail(topic.name, partition);
  const records: LogRecord[] = [];
  let from = start_offset;
  while (from < next_offset) {
    const batch = await log.read({ topic: topic.name, partition, from });
    for (const record of batch.records)
      records.push({ ...record, key: record.key?.slice() ?? null, value: record.value?.slice() ?? null });
    if (batch.next_offset === from) break;
    from = offset(batch.next_offset);
  }
  return records;
}
