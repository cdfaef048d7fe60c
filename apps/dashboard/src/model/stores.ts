import { ConnectionStore } from '../client/connection-store';
import { GatewayClock } from '../client/gateway-clock';
import { RenderBatch } from '../client/render-batch';
import type { StreamSinks } from '../client/stream-sink';
import { FleetStore } from './fleet-store';
import { FlowStore } from './flow-store';
import { FraudStore } from './fraud-store';
import { StockStore } from './stock-store';

/** All state of the pages, and which stream feeds what. */
export interface Stores {
  readonly clock: GatewayClock;
  readonly connection: ConnectionStore;
  readonly flow: FlowStore;
  readonly fraud: FraudStore;
  readonly stock: StockStore;
  readonly fleet: FleetStore;
  readonly sinks: StreamSinks;
}

export function createStores(): Stores {
  const batch = new RenderBatch();
  const flow = new FlowStore(batch);
  const fraud = new FraudStore(batch);
  const stock = new StockStore(batch);
  const fleet = new FleetStore(batch);
  return {
    clock: new GatewayClock(),
    connection: new ConnectionStore(batch),
    flow,
    fraud,
    stock,
    fleet,
    sinks: {
      'flow.events': flow.eventSink,
      'fraud.decisions': fraud.sink,
      'stock.products': stock.productSink,
      'stock.levels': stock.levelSink,
      'stock.channels': stock.channelSink,
      'stock.sold_out': stock.soldOutSink,
      'stock.ledger': stock.ledgerSink,
      'stock.refusals': stock.refusalSink,
      'fleet.vehicles': fleet.vehicleSink,
      'fleet.plans': fleet.planSink,
      'fleet.traffic': fleet.trafficSink,
      'fleet.decisions': fleet.decisionSink,
    },
  };
}
