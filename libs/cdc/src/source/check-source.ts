import { readSourceFacts } from './preflight';
import { SourceClient } from './source-client';

/**
 * Can this server be a source, with this role? Nothing is changed.
 *
 * @throws NervelineError `NL-CDC-001` wal_level, `NL-CDC-002` no right to replicate, `NL-CDC-003`, `NL-CDC-004` not
 *   reached, `NL-CDC-017`, `NL-CDC-018` too old
 */
export async function checkSource(source_url: string): Promise<void> {
  await using walsender = await SourceClient.connect(source_url, { replication: true, name: 'nerveline check' });
  await readSourceFacts(walsender);
}
