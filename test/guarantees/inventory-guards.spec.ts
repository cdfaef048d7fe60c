import { stopOwnPostgres } from '@nerveline/testing';
import { LOCK } from '../../apps/inventory-sync/src/adapters/postgres/statements';
import { openInventory } from './inventory-harness';

/*
 * Three guards stand between two buyers and the same unit: the lock on the SKU's head, the key of the ledger, and the
 * CHECK on the level. Here they are taken away, one after another, under a race of many lanes.
 */

afterEach(() => jest.restoreAllMocks());
afterAll(stopOwnPostgres);

const GUARDS = {
  lock: async () => {
    jest.replaceProperty(LOCK, 'text', LOCK.text.replace('FOR NO KEY UPDATE OF h', ''));
  },
  ledger_key: async (query: Query) => {
    await query('ALTER TABLE inventory.stock_ledger DROP CONSTRAINT stock_ledger_pkey');
  },
  check: async (query: Query) => {
    await query('ALTER TABLE inventory.stock_levels DROP CONSTRAINT nothing_is_oversold');
  },
} as const;

type Query = (sql: string) => Promise<unknown>;
type Guard = keyof typeof GUARDS;

const UNITS = 10;

/** 60 buyers over 8 lanes that never share a batch; gives how many were told that they got a unit. */
async function race(without: readonly Guard[]): Promise<{ granted: number; reserved: number }> {
  await using inventory = await openInventory({
    environment: { STOCK_LANES: '8', DATABASE_CONNECTIONS: '10', MAX_BATCH_COMMANDS: '1' },
  });
  const { client, database } = inventory;
  await client.receive('A-17', UNITS);
  for (const guard of without) await GUARDS[guard]((sql) => database.query(sql));
  const answers = await Promise.all(Array.from({ length: 60 }, () => client.reserve({ sku: 'A-17', quantity: 1 })));
  const [level] = await database.query('SELECT reserved FROM inventory.stock_levels');
  return {
    granted: answers.filter(({ body }) => body['kind'] === 'granted').length,
    reserved: Number(level?.['reserved']),
  };
}

test.each<[string, readonly Guard[]]>([
  ['without the CHECK, the lock keeps the promise', ['check', 'ledger_key']],
  ['without the lock, the key of the ledger keeps it', ['lock', 'check']],
  ['without both, the CHECK keeps it', ['lock', 'ledger_key']],
])(
  '%s',
  async (_name, without) => {
    const { granted, reserved } = await race(without);
    expect(reserved).toBeLessThanOrEqual(UNITS);
    expect(granted).toBe(reserved);
    expect(granted).toBeGreaterThan(0);
  },
  60_000,
);

test('without all three the same race oversells: the race is real', async () => {
  const { granted } = await race(['lock', 'ledger_key', 'check']);
  expect(granted).toBeGreaterThan(UNITS);
}, 60_000);
