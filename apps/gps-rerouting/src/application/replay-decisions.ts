import {
  decodeJson,
  decodePositionFix,
  splitTenantKey,
  tenantId,
  topics,
  vehicleId,
  type FleetCommand,
  type ReadVector,
  type TrafficIncident,
} from '@nerveline/contracts';
import { unreachable } from '@nerveline/kernel';
import type { LogRecord } from '@nerveline/log';
import { compareWithLog, type Difference } from './compare-with-log';
import { inputTopics, OwnOffsets, partitionName, type PartitionOf } from './own-offsets';
import { Outbox } from './outbox';
import { takeRemoval } from './remove-vehicle';
import { partitionsOf, readAll, type ReadableLog } from './read-topic';
import { takeReport } from './report-traffic';
import { settleAll } from './settle-change';
import type { Step } from './step';
import { findTrip, takeAnswer, takePlan } from './take-command';
import { takeFix } from './take-fix';
import { takeOrders } from './take-orders';
import { World, type Surroundings } from './world';

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
  log: ReadableLog,
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
  const compared = await compareWithLog(log, outbox);
  return { fixes: fixes.flat().length, inputs: inputs.length, ...compared };
}

function feedFix({ world, outbox }: Step, record: LogRecord): void {
  const [tenant = '', id = ''] = splitTenantKey(new TextDecoder().decode(record.key ?? undefined));
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
    settleAll(step, reported.tenant_id);
    return;
  }
  const { command } = input;
  step.outbox.command(command);
  switch (command.kind) {
    case 'plan':
      takePlan(step, command, findTrip(step.world, command));
      return;
    case 'answer':
      takeAnswer(step, command);
      return;
    case 'orders':
      takeOrders(step, command);
      return;
    case 'removed':
      takeRemoval(step, command);
      return;
    default:
      unreachable(command);
  }
}

async function readInputs(log: ReadableLog): Promise<Input[]> {
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
