import { NervelineError } from '@nerveline/kernel';
import type { Payment } from '../world/payers';
import { csvRows, type CsvRow } from './csv-rows';

const COLUMNS = ['TRANSACTION_ID', 'TX_TIME_SECONDS', 'CUSTOMER_ID', 'TERMINAL_ID', 'TX_AMOUNT'] as const;
/** TX_TIME_SECONDS counts from here. */
const FIRST_DAY_MS = Date.UTC(2018, 3, 1);
const SECOND_MS = 1_000;

/**
 * The payments of a file in the form of the Fraud Detection Handbook, in its order.
 *
 * @throws NervelineError `NL-SIM-001`, `NL-SIM-002`, `NL-SIM-003`
 */
export async function* recordedPayments(path: string): AsyncGenerator<Payment> {
  let line = 1;
  for await (const rows of csvRows(path, COLUMNS)) {
    for (const row of rows) {
      line += 1;
      yield toPayment(row, `${path}:${line}`);
    }
  }
}

function toPayment(row: CsvRow, where: string): Payment {
  const id = `H-${row['TRANSACTION_ID']}`;
  return {
    payment_id: id,
    idempotency_key: id,
    card: `C-${row['CUSTOMER_ID']}`,
    amount_minor: toMinor(row['TX_AMOUNT'] ?? '', where),
    currency: 'EUR',
    merchant_id: `T-${row['TERMINAL_ID']}`,
    terminal_id: `T-${row['TERMINAL_ID']}`,
    event_ms: FIRST_DAY_MS + toSeconds(row['TX_TIME_SECONDS'] ?? '', where) * SECOND_MS,
  };
}

/**
 * `57.16` is 5716: no float on the way. The file holds a few amounts that were floats once, such as 85.64999999999999;
 * they are rounded to the cent.
 */
function toMinor(text: string, where: string): number {
  const [, units, decimals = ''] = /^(\d{1,10})(?:\.(\d{1,20}))?$/.exec(text) ?? [];
  if (units === undefined) {
    throw new NervelineError('NL-SIM-003', { field: 'TX_AMOUNT', detail: `${where}: '${text}' is not an amount` });
  }
  const [tens = '0', ones = '0', rest = '0'] = decimals;
  return Number(units) * 100 + Number(tens + ones) + (rest >= '5' ? 1 : 0);
}

function toSeconds(text: string, where: string): number {
  if (!/^\d{1,10}$/.test(text))
    throw new NervelineError('NL-SIM-003', { field: 'TX_TIME_SECONDS', detail: `${where}: '${text}' is not a time` });
  return Number(text);
}
