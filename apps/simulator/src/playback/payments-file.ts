import { ok, type Result } from '@nerveline/kernel';
import type { Payment } from '../world/payers';
import { csvRows } from './csv-rows';
import { demandEvery, flawed, playable, type Flaw, type Refuse } from './playable';

const COLUMNS = ['TRANSACTION_ID', 'TX_TIME_SECONDS', 'CUSTOMER_ID', 'TERMINAL_ID', 'TX_AMOUNT'] as const;
/** TX_TIME_SECONDS counts from here. */
const FIRST_DAY_MS = Date.UTC(2018, 3, 1);
const SECOND_MS = 1_000;

/**
 * The payments of a file in the form of the Fraud Detection Handbook, in its order, without the rows that are refused.
 *
 * @throws NervelineError `NL-SIM-001`, `NL-SIM-002`, and what `refuse` throws: `NL-SIM-003` when none is given
 */
export async function* recordedPayments(path: string, refuse: Refuse = demandEvery): AsyncGenerator<Payment> {
  for await (const rows of csvRows(path, COLUMNS)) {
    for (const row of rows) {
      const payment = playable(row, toPayment, refuse);
      if (payment !== undefined) yield payment;
    }
  }
}

function toPayment(cells: readonly string[]): Result<Payment, Flaw> {
  const [transaction = '', time = '', customer = '', terminal = '', amount = ''] = cells;
  if (transaction === '') return flawed('TRANSACTION_ID', transaction, 'an id');
  if (!/^\d{1,10}$/.test(time)) return flawed('TX_TIME_SECONDS', time, 'a time');
  if (customer === '') return flawed('CUSTOMER_ID', customer, 'an id');
  if (terminal === '') return flawed('TERMINAL_ID', terminal, 'an id');
  const amount_minor = toMinor(amount);
  if (amount_minor === undefined) return flawed('TX_AMOUNT', amount, 'an amount');
  const id = `H-${transaction}`;
  return ok({
    payment_id: id,
    idempotency_key: id,
    card: `C-${customer}`,
    amount_minor,
    currency: 'EUR',
    merchant_id: `T-${terminal}`,
    terminal_id: `T-${terminal}`,
    event_ms: FIRST_DAY_MS + Number(time) * SECOND_MS,
  });
}

/**
 * `57.16` is 5716: no float on the way. The file holds a few amounts that were floats once, such as 85.64999999999999;
 * they are rounded to the cent. Undefined when it is no amount.
 */
function toMinor(text: string): number | undefined {
  const [, units, decimals = ''] = /^(\d{1,10})(?:\.(\d{1,20}))?$/.exec(text) ?? [];
  if (units === undefined) return undefined;
  const [tens = '0', ones = '0', rest = '0'] = decimals;
  return Number(units) * 100 + Number(tens + ones) + (rest >= '5' ? 1 : 0);
}
