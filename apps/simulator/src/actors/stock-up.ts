import { stockMovementBatchAnswer } from '@nerveline/contracts';
import type { ServiceClient } from '../doors/service-client';

const MOVEMENTS_AT_ONCE = 500;

/** Units that come in. */
export interface Incoming {
  readonly sku: string;
  readonly location_id: string;
  readonly quantity: number;
}

/** Brings units in, once for each key: a run after this one, with the same keys, finds them there. */
export async function bringIn(
  inventory: Pick<ServiceClient, 'post'>,
  { key, reason }: { readonly key: string; readonly reason: string },
  incoming: readonly Incoming[],
): Promise<void> {
  const movements = incoming.map(({ sku, location_id, quantity }) => ({
    idempotency_key: `${key}-${sku}-${location_id}`,
    kind: 'receipt',
    sku,
    location_id,
    quantity,
    reason,
  }));
  for (let at = 0; at < movements.length; at += MOVEMENTS_AT_ONCE) {
    const { status, body } = await inventory.post('/v1/stock/movements/batch', {
      movements: movements.slice(at, at + MOVEMENTS_AT_ONCE),
    });
    const refused =
      status < 300 ? stockMovementBatchAnswer.parse(body).answers.find(({ kind }) => kind === 'refused') : body;
    if (refused !== undefined) throw new Error(`no ${reason}: ${status} ${JSON.stringify(refused)}`);
  }
}

/** Brings in what is there before the first sale. */
export const stockUp = (
  inventory: Pick<ServiceClient, 'post'>,
  name: string,
  opening: readonly Incoming[],
): Promise<void> => bringIn(inventory, { key: `${name}-opening`, reason: 'opening stock' }, opening);
