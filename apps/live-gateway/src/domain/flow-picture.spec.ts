import { flowStatus } from '@nerveline/contracts';
import { drawFlow, flowPolicy, type FlowMeasure, type ServiceState } from './flow-picture';

const slot = { slot: 'nerveline', active: true, confirmed_lsn: '0/1A', retained_bytes: 2 * 1_048_576 };

function measure(change: Partial<FlowMeasure> = {}, state: ServiceState = 'ready', lag_records = 0): FlowMeasure {
  return {
    measured_ms: 1_000,
    event_clock_ms: 1_000,
    event_clocks_ms: {},
    topics: [
      { topic: 'cdc.inventory.stock_ledger', owner: 'cdc-relay', records: 10, rate_per_s: 30 },
      { topic: 'fraud.decisions', owner: 'fraud-scoring', records: 5, rate_per_s: 4 },
    ],
    services: [{ name: 'fraud-scoring', label: 'Fraud scoring', state, detail: '', intake_per_s: 1, lag_records }],
    relay: { state: 'ready', detail: 'ready' },
    slots: [slot],
    transactions_per_s: 12,
    ages: new Map([['cdc-relay', { p50_ms: 1, p99_ms: 4 }]]),
    clients: { count: 3, sent_per_s: 90, behind_records: 0 },
    ...change,
  };
}

const stageOf = (id: string, ...given: Parameters<typeof measure>) =>
  drawFlow(measure(...given)).stages.find((stage) => stage.id === id);

test('the picture fits its contract, and runs from the source to the clients', () => {
  const status = drawFlow(measure());
  expect(flowStatus.safeParse(status).error).toBeUndefined();
  expect(status.stages.map(({ id }) => id)).toEqual(['source', 'cdc-relay', 'log', 'fraud-scoring', 'clients']);
  expect(stageOf('log')).toMatchObject({ rate_per_s: 34 });
  expect(stageOf('cdc-relay')).toMatchObject({ rate_per_s: 30, age_p50_ms: 1, age_p99_ms: 4 });
  expect(stageOf('fraud-scoring')).toMatchObject({ rate_per_s: 4, health: 'good' });
  expect(stageOf('source')).toMatchObject({ rate_per_s: 12, health: 'good', detail: '2.0 MB of WAL kept' });
});

test.each<[ServiceState, number, string]>([
  ['ready', 0, 'good'],
  ['ready', flowPolicy.watch_lag_records + 1, 'watch'],
  ['not_ready', 0, 'bad'],
  ['unreachable', 0, 'bad'],
  ['stopped', 0, 'bad'],
  ['unknown', 0, 'unknown'],
])('a service that is %s with %i records waiting is %s', (state, lag_records, health) => {
  expect(stageOf('fraud-scoring', {}, state, lag_records)).toMatchObject({ health, lag_records });
});

test('a source whose slot nobody reads is bad, and unknown while the relay does not say', () => {
  expect(stageOf('source', { slots: [{ ...slot, active: false }] })).toMatchObject({ health: 'bad' });
  expect(stageOf('source', { slots: undefined })).toMatchObject({ health: 'unknown' });
  expect(stageOf('source', { relay: { state: 'unreachable', detail: '' } })).toMatchObject({ health: 'unknown' });
});

test('clients that are slow, or behind, are worth a look', () => {
  const slow = new Map([['clients', { p50_ms: 5, p99_ms: flowPolicy.watch_p99_ms + 1 }]]);
  expect(stageOf('clients', { ages: slow })).toMatchObject({ health: 'watch' });
});
