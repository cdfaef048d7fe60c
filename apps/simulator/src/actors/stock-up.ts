import { stockMovementBatchAnswer } from '@nerveline/contracts';
import type { ServiceClient } from '../doors/service-client';

const MOVEMENTS_AT_ONCE = 500;

/** What is there before the first sale. */
export interface Opening {
  readonly sku: string;
  readonly location_id: string;
  readonly quantity: number;
}

/** Brings in the opening stock, once: a run after this one finds it there. */
export async function stockUp(inventory: ServiceClient, name: string, opening: readonly Opening[]): Promise<void> {
  const movements = opening.map(({ sku, location_id, quantity }) => ({
    idempotency_key: `${name}-opening-${sku}-${location_id}`,
    kind: 'receipt',
    sku,
    location_id,
    quantity,
    reason: 'opening stock',
  }));
  for (let at = 0; at < movements.length; at += MOVEMENTS_AT_ONCE) {
    const { status, body } = await inventory.post('/v1/stock/movements/batch', {
      movements: movements.slice(at, at + MOVEMENTS_AT_ONCE),
    });
    const refused =
      status < 300 ? stockMovementBatchAnswer.parse(body).answers.find(({ kind }) => kind === 'refused') : body;
    if (refused !== undefined) throw new Error(`no opening stock: ${status} ${JSON.stringify(refused)}`);
  }
}
