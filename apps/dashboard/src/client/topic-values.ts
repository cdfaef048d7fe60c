import type {
  ChannelStock,
  Change,
  DecisionRecord,
  PushItem,
  RerouteDecision,
  SoldOutAck,
  TrafficIncident,
  ValueOf,
  VehiclePlan,
  VehicleState,
  topics,
} from '@nerveline/contracts';

type Topics = typeof topics;
type RowOf<Name extends keyof Topics> = NonNullable<(ValueOf<Topics[Name]> & { after: unknown })['after']>;

export type ProductRow = RowOf<'products'>;
export type LocationRow = RowOf<'locations'>;
export type ChannelRow = RowOf<'channels'>;
export type StockLevelRow = RowOf<'stockLevels'>;
export type StockLedgerRow = RowOf<'stockLedger'>;
export type Refusal = ValueOf<Topics['refusals']>;

/** The topics that the pages read, and what their records hold. */
export interface TopicValues {
  'fraud.decisions': DecisionRecord;
  'inventory.channel_stock': ChannelStock;
  'inventory.sold_out': SoldOutAck;
  'inventory.refusals': Refusal;
  'fleet.vehicle_states': VehicleState;
  'fleet.plans': VehiclePlan;
  'fleet.traffic': TrafficIncident;
  'fleet.decisions': RerouteDecision;
}

/** The change topics that the pages read, and the rows of their tables. */
export interface ChangedRows {
  'cdc.inventory.products': ProductRow;
  'cdc.inventory.locations': LocationRow;
  'cdc.inventory.channels': ChannelRow;
  'cdc.inventory.stock_levels': StockLevelRow;
  'cdc.inventory.stock_ledger': StockLedgerRow;
}

/**
 * A record's value with its topic's type; null for another topic or a tombstone. This and {@link rowOf} are the one place
 * where the wire gets a type: the gateway has decoded the record with the topic's schema.
 */
export function valueOf<Name extends keyof TopicValues>(item: PushItem, topic: Name): TopicValues[Name] | null {
  return item.topic === topic && isObject(item.value) ? (item.value as unknown as TopicValues[Name]) : null;
}

/** The row after a change; null for another topic, a delete or a tombstone. */
export function rowOf<Name extends keyof ChangedRows>(item: PushItem, topic: Name): ChangedRows[Name] | null {
  if (item.topic !== topic || !isObject(item.value)) return null;
  return (item.value as unknown as Change<ChangedRows[Name]>).after;
}

/** The parts of the key of what is no longer there, without the tenant; null for a record that says anything else. */
export function removedKey(item: PushItem, topic: keyof TopicValues | keyof ChangedRows): readonly string[] | null {
  if (item.topic !== topic || item.value !== null || item.key === null) return null;
  return item.key.split('/').slice(1);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
