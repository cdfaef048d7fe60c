import { readSourceFacts } from './preflight';
import type { TextRow } from './source-client';

const server = (settings: Record<string, string>) => ({
  query: (sql: string): Promise<TextRow[]> => {
    if (sql === 'IDENTIFY_SYSTEM') return Promise.resolve([{ systemid: '73', timeline: '2', dbname: 'shop' }]);
    return Promise.resolve(Object.entries(settings).map(([name, setting]) => ({ name, setting })));
  },
});

const GOOD = { wal_level: 'logical', server_version_num: '140005', wal_sender_timeout: '60000' };

describe('a server as a source', () => {
  it('tells its epoch, its database and how patient it is', async () => {
    expect(await readSourceFacts(server(GOOD))).toEqual({
      epoch: { system_id: '73', timeline: 2 },
      database: 'shop',
      version: 140_005,
      wal_sender_timeout_ms: 60_000,
    });
  });

  it('must write a logical WAL', async () => {
    await expect(readSourceFacts(server({ ...GOOD, wal_level: 'replica' }))).rejects.toMatchObject({
      code: 'NL-CDC-001',
    });
  });

  it('must be PostgreSQL 14 or newer', async () => {
    await expect(readSourceFacts(server({ ...GOOD, server_version_num: '130012' }))).rejects.toMatchObject({
      code: 'NL-CDC-018',
    });
  });
});
