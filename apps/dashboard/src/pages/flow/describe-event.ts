import type { PushItem } from '@nerveline/contracts';
import { rowOf, valueOf } from '../../client/topic-values';
import { formatDuration, formatMoney } from '../../design/format';

const signed = (units: number): string => (units > 0 ? `+${units}` : String(units).replace('-', '−'));

/** A record in a few words, for the list of the last events. */
export function describeEvent(item: PushItem): string {
  if (item.value === null) return 'deleted';
  const decision = valueOf(item, 'fraud.decisions');
  if (decision !== null) {
    const { amount_minor, currency, merchant_id } = decision.request;
    return `${decision.decision.verdict} ${formatMoney(amount_minor, currency)} at ${merchant_id}`;
  }
  const entry = rowOf(item, 'cdc.inventory.stock_ledger');
  if (entry !== null) {
    const on_hand = entry.on_hand_delta === 0 ? '' : ` on hand ${signed(entry.on_hand_delta)}`;
    const held = entry.reserved_delta === 0 ? '' : ` held ${signed(entry.reserved_delta)}`;
    return `${entry.kind} ${entry.sku}${on_hand}${held}`;
  }
  const stock = valueOf(item, 'inventory.channel_stock');
  if (stock !== null) return `${stock.sku} on ${stock.channel_id}: ${stock.sold_out ? 'sold out' : stock.available}`;
  const reroute = valueOf(item, 'fleet.decisions');
  if (reroute !== null) {
    return `${reroute.vehicle_id} ${reroute.outcome.replaceAll('_', ' ')}, gain ${formatDuration(reroute.gain_ms)}`;
  }
  const incident = valueOf(item, 'fleet.traffic');
  if (incident !== null) return `${incident.kind}: ${incident.reason}`;
  return describeChange(item.value);
}

const OPERATIONS: Readonly<Record<string, string>> = {
  c: 'insert',
  u: 'update',
  d: 'delete',
  r: 'snapshot',
  t: 'truncate',
  m: 'message',
};

function describeChange(value: unknown): string {
  if (typeof value !== 'object' || value === null || !('op' in value)) return '';
  return OPERATIONS[String(value.op)] ?? '';
}
