import type { Logger } from '@nerveline/service-defaults';
import type { Refuse } from './playback/playable';

/** A file that is wrong from one row on is told by its first rows; all are counted. */
const MOST_TOLD = 10;

/** Tells the first rows of a recording that can't be played, one line each, with file, line, column and error code. */
export function tellRefused(actor: string, logger: Pick<Logger, 'warn'>): Refuse {
  let refused = 0;
  return ({ code, field, message }) => {
    refused += 1;
    if (refused > MOST_TOLD) return;
    const last = refused === MOST_TOLD ? ' (further ones are only counted)' : '';
    logger.warn({ code, field }, `${actor} leaves a row out: ${message}${last}`);
  };
}
