import type { Verdict } from '@nerveline/contracts';
import { ShoppersActor } from './shoppers.actor';
import { Till, type Purchase } from './till';

/** Lets shoppers in until some have paid, and tells what the service was asked. */
async function shop(verdict: Verdict) {
  const asked: { readonly path: string; readonly body: Record<string, unknown> }[] = [];
  const paid: Purchase[] = [];
  const closing = new AbortController();
  const inventory = {
    post: async (path: string, body: unknown) => {
      asked.push({ path, body: body as Record<string, unknown> });
      if (path !== '/v1/reservations') return { status: 200, body: { answers: [] } };
      const reservation_id = `r-${asked.length}`;
      return { status: 200, body: { kind: 'granted', reservation_id, expires_at_ms: 1 } };
    },
  };
  const till = {
    pay: async (purchase: Purchase) => {
      paid.push(purchase);
      if (paid.length === 5) closing.abort();
      return verdict;
    },
  };
  const wait = () => new Promise((resolve) => setImmediate(resolve));
  const channelsAddress = async () => 'http://channels';
  const database = { tenant_id: 'demo', upsert: async () => undefined, run: async () => [] };
  const actor = new ShoppersActor(
    { seed: 1, run: 'r', orders_per_s: 1, channelsAddress, till, wait },
    inventory,
    database,
  );
  await actor.run(closing.signal);
  return { asked: asked.map(({ path }) => path), paid, counts: actor.counts };
}

test('a shopper pays for the very hold, and gets what is held', async () => {
  const { asked, paid } = await shop('allow');
  for (const { reservation_id, amount_minor } of paid) {
    expect(asked).toContain(`/v1/reservations/${reservation_id}/commit`);
    expect(amount_minor).toBeGreaterThan(0);
  }
});

test('who can’t pay leaves without a word: what was held is the platform’s to free', async () => {
  const { asked, paid, counts } = await shop('block');
  expect(paid.length).toBeGreaterThanOrEqual(5);
  expect(asked.filter((path) => path.endsWith('/commit'))).toEqual([]);
  for (const { reservation_id } of paid) expect(asked).not.toContain(`/v1/reservations/${reservation_id}/release`);
  expect(counts['payment_block']).toBe(paid.length);
});

test('the till names the hold in the payment', async () => {
  let sent: unknown;
  const post = async (_path: string, body: unknown) => {
    sent = body;
    return { status: 409, body: {} };
  };
  const purchase = { payment_id: 'p-1', reservation_id: 'r-1', amount_minor: 100 };
  expect(await new Till(1, { post }).pay(purchase)).toBe('refused');
  expect(sent).toMatchObject({ ...purchase, idempotency_key: 'p-1' });
});
