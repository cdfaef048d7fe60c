import { NervelineError } from '@nerveline/kernel';
import { recordedPayments } from './payments-file';
import { recordedInvoices } from './retail-file';

/** The recorded files that settings name. */
export interface Recordings {
  readonly PAYMENTS_FILE?: string | undefined;
  readonly RETAIL_FILE?: string | undefined;
}

/**
 * Looks at the beginning of the recorded files.
 *
 * @throws NervelineError `NL-SIM-001`, `NL-SIM-002` when one can't be played at all
 */
export async function checkRecordings({ PAYMENTS_FILE, RETAIL_FILE }: Recordings): Promise<void> {
  const skip = () => undefined;
  if (PAYMENTS_FILE !== undefined) await demandOne(recordedPayments(PAYMENTS_FILE, skip), PAYMENTS_FILE);
  if (RETAIL_FILE !== undefined) await demandOne(recordedInvoices(RETAIL_FILE, skip), RETAIL_FILE);
}

async function demandOne(rows: AsyncIterable<unknown>, path: string): Promise<void> {
  for await (const _ of rows) return;
  throw new NervelineError('NL-SIM-001', { detail: `${path} holds no row that can be played` });
}
