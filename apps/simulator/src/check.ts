import { NervelineError } from '@nerveline/kernel';
import { createLogger, exitWith } from '@nerveline/service-defaults';
import { recordedPayments } from './playback/payments-file';
import { recordedInvoices } from './playback/retail-file';
import { readSimulatorFiles } from './simulator.config';

/** Looks at the beginning of the recorded files, before anything else is started: exits 1 when one can't be played. */
async function check(): Promise<void> {
  const { PAYMENTS_FILE, RETAIL_FILE } = readSimulatorFiles();
  if (PAYMENTS_FILE !== undefined) await demandOne(recordedPayments(PAYMENTS_FILE), PAYMENTS_FILE);
  if (RETAIL_FILE !== undefined) await demandOne(recordedInvoices(RETAIL_FILE), RETAIL_FILE);
}

async function demandOne(rows: AsyncIterable<unknown>, path: string): Promise<void> {
  for await (const _ of rows) return;
  throw new NervelineError('NL-SIM-001', { detail: `${path} holds no row` });
}

check().catch((error: unknown) => exitWith(createLogger('simulator', 'info'), error));
