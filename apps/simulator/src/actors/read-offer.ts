import { z } from 'zod';
import type { SourceDatabase } from '../doors/source-database';
import type { Offer } from '../world/shop';

const FREE_UNITS = `
  SELECT p.sku, l.location_id, l.on_hand - l.reserved AS free
  FROM inventory.products p LEFT JOIN inventory.stock_levels l USING (tenant_id, sku)
  WHERE p.tenant_id = $1`;
const freeUnits = z.array(z.object({ sku: z.string(), location_id: z.string().nullable(), free: z.int().nullable() }));

/** What the shop's pages show and its buyer sees; a product without stock has no locations. */
export async function readOffer(database: Pick<SourceDatabase, 'run' | 'tenant_id'>): Promise<Offer> {
  const rows = freeUnits.parse(await database.run(FREE_UNITS, [database.tenant_id]));
  const offer = new Map<string, Map<string, number>>();
  for (const { sku, location_id, free } of rows) {
    const levels = offer.get(sku) ?? new Map<string, number>();
    offer.set(sku, levels);
    if (location_id !== null && free !== null) levels.set(location_id, free);
  }
  return offer;
}
