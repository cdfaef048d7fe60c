import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ChangeRelay, type FaultPoint, type RelayEvent } from '@nerveline/cdc';
import { sourceTables, type SourceTable } from '@nerveline/contracts';
import { invariant, NervelineError } from '@nerveline/kernel';
import { openServiceLog, partitionFor, type Log } from '@nerveline/log';
import { exitWith, LOGGER, logOptions, Readiness, type Logger } from '@nerveline/service-defaults';
import type { RelaySettings } from '../cdc-relay.config';
import { RELAY_SETTINGS } from '../tokens';
import { LogSink } from './log-sink';

/** Runs the relay between the source database and the log, from the start of the process to its end. */
@Injectable()
export class RelayRunner
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  #log: Log | undefined;
  #relay: ChangeRelay | undefined;

  constructor(
    @Inject(RELAY_SETTINGS) private readonly settings: RelaySettings,
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  get relay(): ChangeRelay {
    invariant(this.#relay !== undefined, 'the relay is asked before it started');
    return this.#relay;
  }

  async onModuleInit(): Promise<void> {
    const { settings } = this;
    this.#log = await openServiceLog({
      service: 'cdc-relay',
      working: 'one',
      ...logOptions(settings, this.logger, this.readiness),
      max_record_bytes: settings.RELAY_MAX_RECORD_BYTES,
      max_pending_bytes: settings.RELAY_MAX_PENDING_BYTES + settings.RELAY_MAX_RECORD_BYTES,
    });
    this.#relay = ChangeRelay.start({
      source_url: settings.DATABASE_URL,
      slot: settings.RELAY_SLOT,
      publication: settings.RELAY_PUBLICATION,
      tables: chosenTables(settings.RELAY_TABLES),
      max_batch_bytes: settings.RELAY_MAX_BATCH_BYTES,
      max_pending_bytes: settings.RELAY_MAX_PENDING_BYTES,
      in_progress: settings.RELAY_IN_PROGRESS === 'on',
      max_memory_bytes: settings.RELAY_MAX_HELD_BYTES,
      max_spill_bytes: settings.RELAY_MAX_SPILL_BYTES,
      spill_directory: settings.NERVELINE_DATA_DIR,
      taken_slot: settings.RELAY_TAKEN_SLOT,
      lost_slot: settings.RELAY_LOST_SLOT,
      wal_budget_bytes: settings.RELAY_WAL_BUDGET_BYTES ?? null,
      over_wal_budget: settings.RELAY_OVER_WAL_BUDGET,
      confirm_interval_ms: settings.RELAY_CONFIRM_INTERVAL_MS,
      snapshot_chunk_rows: settings.RELAY_SNAPSHOT_CHUNK_ROWS,
      sink: new LogSink(this.#log),
      partitionOf: partitionFor,
      onEvent: (event) => this.#tell(event),
      atFaultPoint: killAt(settings.RELAY_FAULT),
    });
    this.readiness.add('relay', () => this.relay.readiness);
  }

  onApplicationBootstrap(): void {
    // What trying again can't mend ends the process: a supervisor starts it anew, and its readiness tells why not.
    this.relay.done.catch((error: unknown) => exitWith(this.logger, error));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#relay?.stop().catch((error: unknown) => this.logger.error({ err: error }, 'the relay ended badly'));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#log?.close();
  }

  #tell(event: RelayEvent): void {
    const { kind, ...facts } = event;
    if (event.kind !== 'interrupted') return this.logger.info(facts, kind);
    this.logger.warn({ code: event.error.code, retry_in_ms: event.retry_in_ms }, event.error.message);
  }
}

/** @throws NervelineError `NL-API-012` for a table that the contracts don't declare */
function chosenTables(names: readonly string[] | undefined): readonly SourceTable[] {
  if (names === undefined) return sourceTables;
  return names.map((name) => {
    const found = sourceTables.find(({ schema, table }) => `${schema}.${table}` === name);
    if (found !== undefined) return found;
    throw new NervelineError('NL-API-012', { field: 'RELAY_TABLES', detail: `${name} is not a source table` });
  });
}

function killAt(fault: RelaySettings['RELAY_FAULT']): (point: FaultPoint) => void {
  let left = fault?.count ?? 0;
  return (point) => {
    if (point === fault?.point && --left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
