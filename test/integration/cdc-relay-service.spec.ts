import { sourceTables } from '@nerveline/contracts';
import { startService } from '@nerveline/service-defaults';
import { createDatabase, createTempDirectory, createTestKeys, eventually, stopOwnPostgres } from '@nerveline/testing';
import { relaySettings } from '../../apps/cdc-relay/src/cdc-relay.config';
import { CdcRelayModule } from '../../apps/cdc-relay/src/cdc-relay.module';

afterAll(stopOwnPostgres);

describe('the relay as a service', () => {
  it('names the tables that it waits for, shows its slot to operators, and counts', async () => {
    await using world = await createWorld();
    const { service, database, get } = world;
    await eventually(async () =>
      (await get('/health/ready')).text.includes('NL-CDC-005: waiting for fraud.block_list'),
    );
    expect((await get('/health/ready')).status).toBe(503);
    await database.query('CREATE SCHEMA fraud');
    await database.query(
      'CREATE TABLE fraud.block_list (tenant_id text, kind text, value text, PRIMARY KEY (tenant_id, kind, value))',
    );
    await eventually(async () => (await get('/health/ready')).status === 200);
    await database.query(`INSERT INTO fraud.block_list VALUES ('demo', 'card', 'c1')`);
    await eventually(async () => (await get('/metrics')).text.includes('nerveline_relay_changes_total 1'));
    const metrics = (await get('/metrics')).text;
    expect(metrics).toContain(`nerveline_relay_slot_active{slot="${world.slot}"} 1`);
    expect((await get('/v1/slots')).status).toBe(401);
    expect((await get('/v1/slots', await world.token(['stock:read']))).status).toBe(403);
    const slots = await get('/v1/slots', await world.token(['ops:read']));
    expect(JSON.parse(slots.text)).toEqual({
      slots: [
        {
          slot: world.slot,
          active: true,
          confirmed_lsn: expect.stringMatching(/^[0-9A-F]+\/[0-9A-F]+$/) as unknown,
          retained_bytes: expect.any(Number) as unknown,
        },
      ],
    });
    expect(service.address).toMatch(/^http:/);
  });

  it.each([
    [{ RELAY_SLOT: 'Not A Slot' }, 'RELAY_SLOT'],
    [{ RELAY_MAX_BATCH_BYTES: '1048576', RELAY_MAX_PENDING_BYTES: '1048576' }, 'RELAY_MAX_PENDING_BYTES'],
    [{ RELAY_FAULT: 'now' }, 'RELAY_FAULT'],
  ])('refuses wrong settings %j by name', (wrong, field) => {
    const parsed = relaySettings.safeParse({
      DATABASE_URL: 'postgres://x',
      NERVELINE_DATA_DIR: '/tmp/x',
      NERVELINE_JWKS: '/tmp/x',
      ...wrong,
    });
    expect(parsed.error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
  });

  it('carries all source tables of the contracts when none is named', () => {
    expect(sourceTables.length).toBeGreaterThan(10);
    expect(new Set(sourceTables.map(({ topic }) => topic.name)).size).toBe(sourceTables.length);
  });
});

async function createWorld() {
  const database = await createDatabase();
  const directory = await createTempDirectory();
  const keys = await createTestKeys();
  const slot = new URL(database.url).pathname.slice(1);
  const settings = relaySettings.parse({
    DATABASE_URL: database.url,
    NERVELINE_DATA_DIR: directory.path,
    NERVELINE_JWKS: keys.jwks,
    LOG_LEVEL: 'error',
    RELAY_SLOT: slot,
    RELAY_TABLES: 'fraud.block_list',
  });
  const service = await startService({ service: 'cdc-relay', module: CdcRelayModule.with(settings), settings });
  return {
    service,
    database,
    slot,
    token: (scopes: readonly ('ops:read' | 'stock:read')[]) => keys.token({ scopes }),
    get: async (path: string, token?: string) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await fetch(`${service.address}${path}`, { headers });
      return { status: answer.status, text: await answer.text() };
    },
    [Symbol.asyncDispose]: async () => {
      await service.stop();
      for (const resource of [keys, directory, database]) await resource[Symbol.asyncDispose]();
    },
  };
}
