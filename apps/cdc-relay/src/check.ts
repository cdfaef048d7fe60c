import { checkSource } from '@nerveline/cdc';
import { catalogue, isNervelineError, NervelineError } from '@nerveline/kernel';
import { createLogger, exitWith } from '@nerveline/service-defaults';
import { readSourceUrl } from './cdc-relay.config';

// Before anything else is started: exits 1 when DATABASE_URL names a server that can't be the source, with what mends it.
async function check(): Promise<void> {
  try {
    await checkSource(readSourceUrl());
  } catch (error) {
    if (!isNervelineError(error)) throw error;
    const detail = `DATABASE_URL: ${error.detail}. ${catalogue[error.code].action}`;
    throw new NervelineError(error.code, { detail, cause: error });
  }
}

check().catch((error: unknown) => exitWith(createLogger('cdc-relay', 'info'), error));
