import { metrics } from '@nerveline/service-defaults';
import { Counter, Histogram } from 'prom-client';
import type { DecidedCommand } from '../application/decide-batch';
import type { UnpaidOutcome } from '../application/release-unpaid';

const registers = [metrics];

const commands = new Counter({
  name: 'nerveline_inventory_commands_total',
  help: 'Stock commands, by what they asked for and how they ended.',
  labelNames: ['kind', 'outcome'],
  registers,
});

const batchCommands = new Histogram({
  name: 'nerveline_inventory_batch_commands',
  help: 'Stock commands that shared a transaction.',
  buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
  registers,
});

const unpaidReservations = new Counter({
  name: 'nerveline_inventory_unpaid_reservations_total',
  help: 'Reservations whose payment was blocked, by how they stand: released, expired, committed, unknown.',
  labelNames: ['status'],
  registers,
});

/** Counts a reservation whose payment was blocked. */
export const countUnpaid = (status: UnpaidOutcome): void => unpaidReservations.inc({ status });

/** Commit in PostgreSQL to the answer of a sales channel. */
export const channelDelaySeconds = new Histogram({
  name: 'nerveline_inventory_channel_delay_seconds',
  help: 'Commit in PostgreSQL to the answer of a sales channel.',
  buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
  registers,
});

/** Stock updates that a channel did not take, and that are sent again. */
export const channelFailures = new Counter({
  name: 'nerveline_inventory_channel_failures_total',
  help: 'Stock updates that a channel did not take, and that are sent again.',
  labelNames: ['channel'],
  registers,
});

/** Records from the log that could not be handled, by what became of them. */
export const heldRecords = new Counter({
  name: 'nerveline_inventory_held_records_total',
  help: 'Records from the log that could not be handled, by what became of them: parked, dead_letter.',
  labelNames: ['topic', 'fate'],
  registers,
});

/** Counts a batch that was committed. */
export function countBatch(decided: readonly DecidedCommand[]): void {
  batchCommands.observe(decided.length);
  for (const { command, outcome } of decided) {
    const kind = command.kind === 'settle' ? command.settlement : command.kind;
    commands.inc({ kind, outcome: outcome.kind === 'reservation' ? outcome.answer.kind : outcome.kind });
  }
}
