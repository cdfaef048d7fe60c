import type { EventSource, FlowSlot, FlowStage, FlowStatus, Health } from '@nerveline/contracts';
import type { Percentiles } from './age-window';

/** What is known of a service's health. */
export type ServiceState = 'ready' | 'not_ready' | 'unreachable' | 'stopped' | 'unknown';

export interface MeasuredTopic {
  readonly topic: string;
  readonly owner: string;
  readonly records: number;
  readonly rate_per_s: number;
}

export interface MeasuredService {
  readonly name: string;
  readonly label: string;
  readonly state: ServiceState;
  /** One sentence of the service itself on what it waits for. */
  readonly detail: string;
  /** What its groups take in, and what waits for them. */
  readonly intake_per_s: number;
  readonly lag_records: number;
}

/** Everything that one look at the platform found. */
export interface FlowMeasure {
  readonly measured_ms: number;
  readonly event_clock_ms: number;
  readonly event_clocks_ms: Partial<Record<EventSource, number>>;
  readonly topics: readonly MeasuredTopic[];
  readonly services: readonly MeasuredService[];
  readonly relay: Pick<MeasuredService, 'state' | 'detail'>;
  /** `undefined` while the relay doesn't say. */
  readonly slots: readonly FlowSlot[] | undefined;
  readonly transactions_per_s: number;
  readonly ages: ReadonlyMap<string, Percentiles>;
  readonly clients: { readonly count: number; readonly sent_per_s: number; readonly behind_records: number };
}

/** Above these a stage is worth a look. */
export const flowPolicy = { watch_lag_records: 1_000, watch_p99_ms: 1_000 } as const;

const RELAY = 'cdc-relay';

/** Draws the flow: source, relay, log, each service, clients, and what runs between them. */
export function drawFlow(measure: FlowMeasure): FlowStatus {
  const { topics, services, clients } = measure;
  const written = (owner: string) =>
    sum(topics.filter((topic) => topic.owner === owner).map((topic) => topic.rate_per_s));
  const relayed = written(RELAY);
  const stages = [
    sourceStage(measure),
    relayStage(measure, relayed),
    stage({
      id: 'log',
      kind: 'log',
      label: 'Log',
      health: 'good',
      rate_per_s: sum(topics.map((topic) => topic.rate_per_s)),
    }),
    ...services.map((service) => serviceStage(service, written(service.name), measure.ages.get(service.name))),
    clientStage(measure),
  ];
  const edges = [
    { from: 'source', to: RELAY, rate_per_s: measure.transactions_per_s, lag_records: null },
    { from: RELAY, to: 'log', rate_per_s: relayed, lag_records: null },
    ...services.flatMap(({ name, intake_per_s, lag_records }) => [
      { from: 'log', to: name, rate_per_s: intake_per_s, lag_records },
      { from: name, to: 'log', rate_per_s: written(name), lag_records: null },
    ]),
    { from: 'log', to: 'clients', rate_per_s: clients.sent_per_s, lag_records: clients.behind_records },
  ];
  return {
    measured_ms: measure.measured_ms,
    event_clock_ms: measure.event_clock_ms,
    event_clocks_ms: measure.event_clocks_ms,
    stages,
    edges,
    topics: topics.map((topic) => ({ ...topic })),
    slots: [...(measure.slots ?? [])],
    clients: clients.count,
  };
}

function sourceStage({ slots, relay, transactions_per_s }: FlowMeasure): FlowStage {
  const active = slots?.some((slot) => slot.active) ?? false;
  const health = slots === undefined || relay.state !== 'ready' ? 'unknown' : active ? 'good' : 'bad';
  const retained = sum((slots ?? []).map((slot) => slot.retained_bytes ?? 0));
  const detail =
    slots === undefined ? 'the relay does not say' : active ? `${megabytes(retained)} of WAL kept` : 'no active slot';
  return stage({ id: 'source', kind: 'source', label: 'PostgreSQL', health, rate_per_s: transactions_per_s, detail });
}

function relayStage({ relay, ages }: FlowMeasure, rate_per_s: number): FlowStage {
  const age = ages.get(RELAY);
  const health = healthOf(relay.state, { age, lag_records: 0 });
  return stage({ id: RELAY, kind: 'relay', label: 'Relay', health, rate_per_s, age, detail: relay.detail });
}

function serviceStage(service: MeasuredService, written_per_s: number, age: Percentiles | undefined): FlowStage {
  const { name, label, state, lag_records, intake_per_s, detail } = service;
  const health = healthOf(state, { age, lag_records });
  // A payment comes by HTTP and leaves as a decision; a ledger entry comes from the log and may leave nothing.
  const rate_per_s = Math.max(intake_per_s, written_per_s);
  return stage({ id: name, kind: 'service', label, health, rate_per_s, lag_records, age, detail });
}

function clientStage({ clients, ages }: FlowMeasure): FlowStage {
  const { count, sent_per_s, behind_records } = clients;
  const age = ages.get('clients');
  const health = healthOf('ready', { age, lag_records: behind_records });
  const detail = `${count} connected`;
  return stage({
    id: 'clients',
    kind: 'clients',
    label: 'Clients',
    health,
    rate_per_s: sent_per_s,
    lag_records: behind_records,
    age,
    detail,
  });
}

function healthOf(state: ServiceState, signs: { age: Percentiles | undefined; lag_records: number }): Health {
  switch (state) {
    case 'unknown':
      return 'unknown';
    case 'stopped':
    case 'unreachable':
    case 'not_ready':
      return 'bad';
    case 'ready': {
      const slow = (signs.age?.p99_ms ?? 0) > flowPolicy.watch_p99_ms;
      return slow || signs.lag_records > flowPolicy.watch_lag_records ? 'watch' : 'good';
    }
  }
}

interface StageSigns {
  readonly id: string;
  readonly kind: FlowStage['kind'];
  readonly label: string;
  readonly health: Health;
  readonly rate_per_s: number;
  readonly lag_records?: number;
  readonly age?: Percentiles | undefined;
  readonly detail?: string;
}

function stage({ age, lag_records, detail, rate_per_s, ...rest }: StageSigns): FlowStage {
  return {
    ...rest,
    rate_per_s,
    lag_records: lag_records ?? null,
    age_p50_ms: age?.p50_ms ?? null,
    age_p99_ms: age?.p99_ms ?? null,
    detail: detail ?? '',
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`;
