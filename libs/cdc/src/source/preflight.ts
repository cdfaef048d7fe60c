import { NervelineError, type SourceEpoch } from '@nerveline/kernel';
import type { SourceClient } from './source-client';

const MIN_VERSION = 140_000;

/** What the relay must know of the server before it begins. */
export interface SourceFacts {
  readonly epoch: SourceEpoch;
  readonly database: string;
  /** As `server_version_num`: 180001. */
  readonly version: number;
  /** After so long without a word from us the server closes the stream; 0 for never. */
  readonly wal_sender_timeout_ms: number;
}

/**
 * Checks that the server can be a source at all.
 *
 * @throws NervelineError `NL-CDC-001` wal_level, `NL-CDC-018` too old
 */
export async function readSourceFacts(walsender: Pick<SourceClient, 'query'>): Promise<SourceFacts> {
  const [identity] = await walsender.query('IDENTIFY_SYSTEM');
  const settings = await walsender.query(
    `SELECT name, setting FROM pg_settings WHERE name IN ('wal_level', 'server_version_num', 'wal_sender_timeout')`,
  );
  const setting = (name: string) => settings.find((row) => row['name'] === name)?.['setting'] ?? '';
  const version = Number(setting('server_version_num'));
  if (version < MIN_VERSION) throw new NervelineError('NL-CDC-018', { detail: `server_version_num is ${version}` });
  if (setting('wal_level') !== 'logical') {
    throw new NervelineError('NL-CDC-001', { detail: `wal_level is ${setting('wal_level')}` });
  }
  return {
    epoch: { system_id: identity?.['systemid'] ?? '', timeline: Number(identity?.['timeline'] ?? 0) },
    database: identity?.['dbname'] ?? '',
    version,
    wal_sender_timeout_ms: Number(setting('wal_sender_timeout')),
  };
}
