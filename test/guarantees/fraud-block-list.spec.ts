import type { PaymentDecision } from '@nerveline/contracts';
import { eventually, stopOwnPostgres } from '@nerveline/testing';
import { payment } from '../integration/fraud-context';
import { openFraudPlatform } from '../integration/fraud-platform';
import { startFraudProcess } from '../integration/fraud-process';

afterAll(stopOwnPostgres);

test('a card that a row puts on the block list is blocked from the next payment on, without a restart', async () => {
  await using platform = await openFraudPlatform();
  const { database, place } = platform;
  await database.query(
    `INSERT INTO fraud.block_list (tenant_id, kind, value, reason) VALUES ('demo', 'card', 'old', 'reported stolen')`,
  );
  await using fraud = await startFraudProcess(place);
  const decide = async (card: string) => {
    const { status, text } = await fraud.post(payment({ card, country: 'FR' }));
    if (status !== 200) throw new Error(`${status} ${text}`);
    return JSON.parse(text) as PaymentDecision;
  };
  /** Asks until the list speaks (or no longer speaks) against the card; what else does by then is not the question. */
  const becomesBlocked = (blocked: boolean) =>
    eventually(async () => (await decide('c/1')).reasons.some(({ code }) => code.startsWith('blocked_')) === blocked, {
      what: `blocked ${blocked}`,
    });

  // The service said that it is ready, so rows that were there before it are known.
  expect(await decide('old')).toMatchObject({
    verdict: 'block',
    reasons: [{ code: 'blocked_card', text: 'this card is on the block list: reported stolen' }],
  });
  expect((await decide('c/1')).verdict).toBe('allow');
  await database.query(`INSERT INTO fraud.block_list VALUES ('demo', 'card', 'c/1', '', 'clerk')`);
  await becomesBlocked(true);
  await database.query(`DELETE FROM fraud.block_list WHERE value = 'c/1'`);
  await becomesBlocked(false);
  await database.query(`INSERT INTO fraud.card_profiles (tenant_id, card, home_country) VALUES ('demo', 'c/1', 'DE')`);
  await eventually(async () => (await decide('c/1')).reasons.some(({ code }) => code === 'foreign_country'));
  await database.query(
    `INSERT INTO fraud.block_list (tenant_id, kind, value) VALUES ('demo', 'merchant', 'merchant-1')`,
  );
  await becomesBlocked(true);
  await database.query('TRUNCATE fraud.block_list');
  await becomesBlocked(false);
}, 120_000);

test('the tables take only what the service can read, and no look-alike by encoding', async () => {
  await using platform = await openFraudPlatform();
  const refused = [
    `INSERT INTO fraud.block_list (tenant_id, kind, value) VALUES ('demo', 'terminal', 't')`,
    `INSERT INTO fraud.block_list (tenant_id, kind, value) VALUES ('demo', 'card', '')`,
    `INSERT INTO fraud.block_list (tenant_id, kind, value) VALUES ('demo', 'card', E'cafe\\u0301')`,
    `INSERT INTO fraud.block_list (tenant_id, kind, value) VALUES ('No Tenant', 'card', 'c')`,
    `INSERT INTO fraud.card_profiles (tenant_id, card, home_country) VALUES ('demo', 'c', 'Germany')`,
    `INSERT INTO fraud.card_profiles (tenant_id, card) VALUES ('demo', ' c')`,
    `INSERT INTO fraud.card_profiles (tenant_id, card, payment_limit_minor) VALUES ('demo', 'c', -1)`,
  ];
  for (const statement of refused) {
    await expect(platform.database.query(statement)).rejects.toMatchObject({ code: '23514' });
  }
}, 60_000);
