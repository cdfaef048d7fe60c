import { ok, type Result } from '@nerveline/kernel';
import { csvRows } from './csv-rows';
import { demandEvery, flawed, playable, type Flaw, type Refuse } from './playable';

const COLUMNS = ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', 'UnitPrice'] as const;

/** One line of an invoice: what moves how much of one SKU. */
export interface RetailLine {
  readonly sku: string;
  readonly name: string;
  readonly price_minor: number;
  /** Units that leave (positive) or come back (negative). */
  readonly quantity: number;
}

/** A row of the file: a line, and what all lines of its invoice have in common. */
interface RetailRow {
  readonly invoice: string;
  readonly event_ms: number;
  readonly line: RetailLine;
}

/** The lines of one invoice, in the order of the file. */
export interface Invoice {
  readonly invoice: string;
  readonly event_ms: number;
  /** `C…`: the customer sends something back. */
  readonly is_return: boolean;
  readonly lines: readonly RetailLine[];
}

/** What becomes of the stock of one SKU by one invoice: lines of the same SKU are summed. */
export type RetailMovement =
  | { readonly kind: 'sale'; readonly sku: string; readonly quantity: number }
  | { readonly kind: 'return'; readonly sku: string; readonly quantity: number }
  | { readonly kind: 'adjustment'; readonly sku: string; readonly quantity: number; readonly reason: string };

/**
 * The invoices of a file in the form of UCI's Online Retail, in its order, without the rows that are refused.
 *
 * @throws NervelineError `NL-SIM-001`, `NL-SIM-002`, and what `refuse` throws: `NL-SIM-003` when none is given
 */
export async function* recordedInvoices(path: string, refuse: Refuse = demandEvery): AsyncGenerator<Invoice> {
  for await (const invoices of invoiceBatches(path, refuse)) yield* invoices;
}

/** The same, many at a time. */
async function* invoiceBatches(path: string, refuse: Refuse): AsyncGenerator<readonly Invoice[]> {
  let open: { invoice: string; event_ms: number; lines: RetailLine[] } | undefined;
  for await (const rows of csvRows(path, COLUMNS)) {
    const invoices: Invoice[] = [];
    for (const row of rows) {
      const read = playable(row, toRetailRow, refuse);
      if (read === undefined) continue;
      if (open?.invoice !== read.invoice) {
        if (open !== undefined) invoices.push(closed(open));
        open = { invoice: read.invoice, event_ms: read.event_ms, lines: [] };
      }
      open.lines.push(read.line);
    }
    yield invoices;
  }
  if (open !== undefined) yield [closed(open)];
}

const closed = (open: Omit<Invoice, 'is_return'>): Invoice => ({ ...open, is_return: open.invoice.startsWith('C') });

function toRetailRow(cells: readonly string[]): Result<RetailRow, Flaw> {
  const [invoice = '', code = '', description = '', quantity = '', date = '', price = ''] = cells;
  const sku = code.trim();
  if (invoice === '') return flawed('InvoiceNo', invoice, 'an id');
  if (sku === '') return flawed('StockCode', code, 'an id');
  if (!/^-?\d{1,9}(\.0+)?$/.test(quantity)) return flawed('Quantity', quantity, 'a quantity');
  const event_ms = Date.parse(`${date.replace(' ', 'T')}Z`);
  if (Number.isNaN(event_ms)) return flawed('InvoiceDate', date, 'a time');
  if (!/^-?\d{1,9}(\.\d+)?$/.test(price)) return flawed('UnitPrice', price, 'a price');
  // The file books bad debts at prices below nothing.
  const price_minor = Math.max(0, Math.round(Number(price) * 100));
  const line = { sku, name: description.trim() || 'unnamed', price_minor, quantity: Number(quantity) };
  return ok({ invoice, event_ms, line });
}

/**
 * Folds invoices into movements. What comes back beyond what was sold so far, and what is negative without being a
 * return, is an adjustment: the file holds both.
 */
export class RetailFold {
  readonly #sold = new Map<string, number>();

  movementsOf(invoice: Invoice): readonly RetailMovement[] {
    const leaving = new Map<string, number>();
    const coming = new Map<string, number>();
    for (const { sku, quantity } of invoice.lines) {
      const side = quantity > 0 ? leaving : coming;
      if (quantity !== 0) side.set(sku, (side.get(sku) ?? 0) + Math.abs(quantity));
    }
    const movements: RetailMovement[] = [];
    for (const [sku, quantity] of leaving) {
      this.#sold.set(sku, (this.#sold.get(sku) ?? 0) + quantity);
      movements.push({ kind: 'sale', sku, quantity });
    }
    for (const [sku, quantity] of coming) movements.push(this.#comingBack(sku, quantity, invoice.is_return));
    return movements;
  }

  #comingBack(sku: string, quantity: number, is_return: boolean): RetailMovement {
    // A negative line without a return invoice is stock that was lost, broken or miscounted.
    if (!is_return) return { kind: 'adjustment', sku, quantity: -quantity, reason: 'adjusted_in_file' };
    const sold = this.#sold.get(sku) ?? 0;
    if (quantity > sold) return { kind: 'adjustment', sku, quantity, reason: 'unmatched_return' };
    this.#sold.set(sku, sold - quantity);
    return { kind: 'return', sku, quantity };
  }
}

/** Units that a movement adds to what is on hand. */
export function onHandDelta(movement: RetailMovement): number {
  switch (movement.kind) {
    case 'sale':
      return -movement.quantity;
    case 'return':
    case 'adjustment':
      return movement.quantity;
  }
}

/** What has to be there before the first invoice so that no movement of the file ever lacks a unit: the file has no opening stock. */
export async function openingStock(
  path: string,
  refuse: Refuse = demandEvery,
): Promise<ReadonlyMap<string, { readonly units: number; readonly name: string; readonly price_minor: number }>> {
  const fold = new RetailFold();
  const level = new Map<string, number>();
  const opening = new Map<string, { units: number; name: string; price_minor: number }>();
  for await (const invoices of invoiceBatches(path, refuse)) {
    for (const invoice of invoices) {
      for (const { sku, name, price_minor } of invoice.lines) {
        if (!opening.has(sku)) opening.set(sku, { units: 0, name, price_minor });
      }
      for (const movement of fold.movementsOf(invoice)) {
        const now = (level.get(movement.sku) ?? 0) + onHandDelta(movement);
        level.set(movement.sku, now);
        const entry = opening.get(movement.sku);
        if (entry !== undefined && -now > entry.units) entry.units = -now;
      }
    }
  }
  return opening;
}
