import type { PushItem } from '@nerveline/contracts';
import { RenderBatch } from '../client/render-batch';
import { FleetStore } from './fleet-store';
import { salesPace } from './sales-pace';
import { freeOf, StockStore } from './stock-store';

const batch = () => new RenderBatch(() => undefined);
let offset = 0;
const item = (topic: string, value: unknown): PushItem => ({
  topic,
  partition: 0,
  offset: (offset += 1),
  key: null,
  event_ms: 0,
  source_position: null,
  committed_ms: null,
  value,
});
const change = (table: string, after: object) => item(`cdc.inventory.${table}`, { op: 'u', before: null, after });
const level = (on_hand: number, reserved: number, version: number, location_id = 'B1') =>
  change('stock_levels', { sku: 'A-1', location_id, on_hand, reserved, version });

describe('StockStore', () => {
  test("a SKU's units are the sum over its locations", () => {
    const stock = new StockStore(batch());
    stock.levelSink.take([level(5, 1, 1), level(3, 0, 1, 'W1')], true);
    stock.levelSink.take([level(4, 2, 2)], false);
    const row = stock.skus.get('A-1');
    expect(row && [row.on_hand, row.reserved, freeOf(row)]).toEqual([7, 2, 5]);
  });

  test('an older version never replaces a newer one', () => {
    const stock = new StockStore(batch());
    stock.levelSink.take([level(4, 0, 9), level(99, 0, 8)], false);
    expect(stock.skus.get('A-1')?.on_hand).toBe(4);
  });

  test('a product that is deleted is gone at once', () => {
    const stock = new StockStore(batch());
    stock.productSink.take([change('products', { sku: 'A-1', name: 'Lamp', price_minor: 1, currency: 'EUR' })], true);
    stock.productSink.take([{ ...item('cdc.inventory.products', null), key: 'demo/A-1' }], false);
    expect([...stock.skus.keys()]).toEqual([]);
  });

  test('a new snapshot replaces the levels, it does not add to them', () => {
    const stock = new StockStore(batch());
    stock.levelSink.take([level(4, 0, 9)], true);
    stock.levelSink.take([level(4, 0, 9)], true);
    expect(stock.skus.get('A-1')?.on_hand).toBe(4);
  });

  test('a sold-out moment gathers its channels, and its time is that of the slowest', () => {
    const stock = new StockStore(batch());
    const ack = (channel_id: string, delay_ms: number, version = 7) =>
      item('inventory.sold_out', { sku: 'A-1', channel_id, version, delay_ms, event_ms: 1 });
    stock.soldOutSink.take([ack('web', 4), ack('store', 21), ack('web', 3, 8)], false);
    expect(stock.soldOut.newestFirst().map(({ id, delays_ms }) => [id, delays_ms.size])).toEqual([
      ['A-1@8', 1],
      ['A-1@7', 2],
    ]);
    expect(stock.soldOut.p99Ms()).toBe(21);
  });

  test('the pace counts units that left, over the minutes that the ledger reaches back', () => {
    const stock = new StockStore(batch());
    const entry = (kind: string, on_hand_delta: number, event_ms: number) =>
      change('stock_ledger', { sku: 'A-1', kind, on_hand_delta, event_ms });
    stock.ledgerSink.take([entry('commit', -6, 0), entry('receipt', 50, 60_000), entry('reserve', 0, 119_000)], false);
    const pace = salesPace(stock.ledger.newestFirst(), 120_000);
    expect(pace.per_minute.get('A-1')).toBe(3);
    expect(pace.grants_last_minute).toBe(1);
  });
});

describe('FleetStore', () => {
  const decision = (proposal_id: string, outcome: string) =>
    item('fleet.decisions', { proposal_id, vehicle_id: 'V-1', outcome });

  test('an answer changes a proposal where it stands; who was left alone is no proposal', () => {
    const fleet = new FleetStore(batch());
    fleet.decisionSink.take(
      [decision('p1', 'proposed'), decision('p2', 'proposed'), decision('x', 'left_alone')],
      true,
    );
    fleet.decisionSink.take([decision('p1', 'accepted')], false);
    const shown = fleet.proposalsNewestFirst().map(({ proposal_id, outcome }) => [proposal_id, outcome]);
    expect(shown).toEqual([
      ['p2', 'proposed'],
      ['p1', 'accepted'],
    ]);
  });

  test('an incident holds until it is cleared or its end has come', () => {
    const fleet = new FleetStore(batch());
    const incident = (incident_id: string, kind: string, ends_at_ms: number | null) =>
      item('fleet.traffic', { incident_id, kind, ends_at_ms });
    fleet.trafficSink.take(
      [incident('a', 'jam', null), incident('b', 'closure', 50), incident('c', 'jam', null)],
      true,
    );
    fleet.trafficSink.take([incident('a', 'cleared', null)], false);
    expect(fleet.activeIncidents(49).map(({ incident_id }) => incident_id)).toEqual(['b', 'c']);
    expect(fleet.activeIncidents(50).map(({ incident_id }) => incident_id)).toEqual(['c']);
  });

  test('a fix that comes late does not move a vehicle back', () => {
    const fleet = new FleetStore(batch(), () => 0);
    const fix = (event_ms: number, lat: number) =>
      item('fleet.vehicle_states', { vehicle_id: 'V-1', lat, lon: 8, event_ms, eta_ms: null });
    fleet.vehicleSink.take([fix(20, 49.2), fix(10, 49.1)], false);
    expect(fleet.vehicles.get('V-1')?.state.lat).toBe(49.2);
  });
});
