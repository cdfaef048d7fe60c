import { topics, type DecisionRecord } from '@nerveline/contracts';
import { describeWithKafka, eventually } from '@nerveline/testing';
import { World } from '../e2e/world';
import { ChannelServer } from '../guarantees/inventory-channel-server';
import { PageClient } from '../guarantees/real-input/page-client';
import { ScaleOut, SESSION_MS } from './scale-out-stage';

/** The first one on a machine fetches Kafka's jars. */
const OPEN_MS = 300_000;
const TEST_MS = 120_000;

const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();

let stage: ScaleOut;
let world: World;

describeWithKafka('the platform on Apache Kafka and a PostgreSQL of the system', () => {
  beforeAll(async () => {
    stage = await ScaleOut.open();
    world = new World(stage.platform);
  }, OPEN_MS);
  afterAll(() => stage?.[Symbol.asyncDispose](), TEST_MS);

  test('starts neither a database nor a log of its own', () => {
    expect(stage.platform.output()).toContain('Log        Apache Kafka, ');
    expect(stage.platform.output()).not.toContain('Starting PostgreSQL');
    expect(stage.platform.pidOf('postgres')).toBeUndefined();
  });

  test(
    'a row that is committed blocks the next payment',
    async () => {
      expect(await world.pay('c-1', 1_250)).toBe('allow');
      await world.block('c-1', 'reported stolen');
      await eventually(async () => (await world.pay('c-1', 1_250)) === 'block', { within_ms: 30_000 });
    },
    TEST_MS,
  );

  test(
    'the last unit that is sold is sold out in every channel',
    async () => {
      await using web = await ChannelServer.open();
      await using store = await ChannelServer.open();
      await world.sql(`insert into inventory.locations values ('demo', 'B1', 'Berlin')`);
      await world.sql(
        `insert into inventory.channels values ('demo', 'web', 'Web', $1), ('demo', 'store', 'Store', $2)`,
        [web.url, store.url],
      );
      await world.stock('LAST-1', 'The last one', 1);
      expect(await world.reserve('LAST-1', 1)).toBe('granted');
      expect(await world.reserve('LAST-1', 1)).toBe('refused');
      const sold_out = (channel: ChannelServer) => channel.taken.get('LAST-1')?.sold_out === true;
      await eventually(() => sold_out(web) && sold_out(store), {
        within_ms: 30_000,
        what: 'sold out in both channels',
      });
    },
    TEST_MS,
  );

  test(
    'a fix reaches the page',
    async () => {
      const seen = new Map<string, unknown>();
      using _page = new PageClient(stage.platform, {
        'fleet.vehicles': ({ key, value }) => void seen.set(key ?? '', value),
      });
      await enrol('V-1');
      await drive('V-1', Date.now());
      await eventually(() => seen.size > 0, { within_ms: 30_000, what: 'the vehicle on the page' });
      expect(JSON.stringify([...seen])).toContain('V-1');
    },
    TEST_MS,
  );

  describe('with two instances of a service, of which the one that works is killed with -9 under load', () => {
    beforeAll(async () => {
      const apps = ['fraud-scoring', 'cdc-relay', 'inventory-sync', 'gps-rerouting'];
      await Promise.all(apps.map((app) => stage.addInstance(app, 'second')));
    }, TEST_MS);

    test(
      'fraud scoring answers each payment once, the same for ever, in order, and knows what it knew',
      async () => {
        await world.block('c-2', 'reported stolen');
        await eventually(async () => (await world.pay('c-2', 1)) === 'block', { within_ms: 30_000 });
        const answers = new Map<string, string>();
        let killing = true;
        const pays = async (card: string): Promise<void> => {
          for (let i = 0; killing || i < 10; i += 1) {
            const payment = paymentOf(card, i);
            const { status, body } = await stage.ask('fraud-scoring', '/v1/payments/decisions', payment);
            expect(status).toBe(200);
            answers.set(payment.idempotency_key, JSON.stringify(body));
          }
        };
        const load = Promise.all(Array.from({ length: 8 }, (_, card) => pays(`load-${card}`)));
        await eventually(() => answers.size > 40, { within_ms: 30_000 });
        await stage.killWorking('fraud-scoring');
        killing = false;
        await load;

        const decided = await decisions();
        expectDecided(answers, decided);
        const of_load = decided.filter(({ request }) => answers.has(request.idempotency_key));
        // In the order in which each card was asked for.
        for (let card = 0; card < 8; card += 1) {
          const numbers = of_load
            .filter(({ request }) => request.card === `load-${card}`)
            .map(({ request }) => Number(request.payment_id.split('/')[1]));
          expect(numbers).toEqual(numbers.map((_, i) => i));
        }
        // What was answered before the kill is answered so by the successor, and its lists are whole.
        for (const [key, answer] of [...answers].slice(0, 20)) {
          const [card = '', i] = key.split('/');
          const again = await stage.ask(
            'fraud-scoring',
            '/v1/payments/decisions',
            asked.get(key) ?? paymentOf(card, Number(i)),
          );
          expect(JSON.stringify(again.body)).toBe(answer);
        }
        const blocked = await stage.ask('fraud-scoring', '/v1/payments/decisions', paymentOf('c-2', 0));
        expect(blocked.body).toMatchObject({ verdict: 'block' });
      },
      TEST_MS,
    );

    test(
      'the relay brings every change into the log once and in order',
      async () => {
        const writes = 400;
        let written = 0;
        const load = (async () => {
          for (let i = 0; i < writes; i += 1) {
            const name = `name ${i}`;
            const sku = `P-${i % 5}`;
            await world.sql(
              `insert into inventory.products values ('demo', $1, $2, 100, 'EUR')
               on conflict (tenant_id, sku) do update set name = excluded.name`,
              [sku, name],
            );
            written += 1;
          }
        })();
        await eventually(async () => (await namesInLog()).length > writes / 8, { within_ms: 60_000 });
        expect(written).toBeLessThan(writes);
        await stage.killWorking('cdc-relay');
        await load;
        await eventually(async () => (await namesInLog()).length >= writes, { within_ms: 60_000, what: 'all changes' });
        const names = await namesInLog();
        for (let product = 0; product < 5; product += 1) {
          const wanted = Array.from({ length: writes / 5 }, (_, i) => `name ${i * 5 + product}`);
          expect(names.filter(({ key }) => key === `demo/P-${product}`).map(({ name }) => name)).toEqual(wanted);
        }
      },
      TEST_MS,
    );

    test(
      'inventory sync sells no unit twice, and the channels learn the end of it',
      async () => {
        await using web = await ChannelServer.open();
        await world.sql(`insert into inventory.channels values ('demo', 'race', 'Race', $1)`, [web.url]);
        const units = 60;
        await world.stock('RACE-1', 'Much wanted', units);
        const outcomes: string[] = [];
        const buy = async (buyer: number): Promise<void> => {
          for (let i = 0; i < 12; i += 1) {
            const { body } = await stage.ask('inventory-sync', '/v1/reservations', {
              idempotency_key: `race-${buyer}-${i}`,
              channel_id: 'race',
              holder: `buyer ${buyer}`,
              ttl_ms: 600_000,
              lines: [{ sku: 'RACE-1', location_id: 'B1', quantity: 1 }],
            });
            outcomes.push((body as { kind: string }).kind);
          }
        };
        const load = Promise.all(Array.from({ length: 8 }, (_, buyer) => buy(buyer)));
        await eventually(() => outcomes.length > 16, { within_ms: 30_000 });
        await stage.killWorking('inventory-sync');
        await load;
        expect(outcomes.filter((kind) => kind === 'granted')).toHaveLength(units);
        expect(outcomes.filter((kind) => kind === 'refused')).toHaveLength(8 * 12 - units);
        await eventually(() => web.taken.get('RACE-1')?.sold_out === true, { within_ms: 30_000, what: 'sold out' });
        // The ledger's audit is written with the input position: once for each entry, in its order.
        const entries = (await stage.read(topics.stockLedger.name)).filter(({ value }) =>
          text(value).includes('RACE-1'),
        );
        const audited = () =>
          stage
            .read(topics.inventoryAudit.name)
            .then((all) => all.filter(({ value }) => text(value).includes('RACE-1')));
        await eventually(async () => (await audited()).length >= entries.length, {
          within_ms: 30_000,
          what: 'the audit',
        });
        expect(await audited()).toHaveLength(entries.length);
      },
      TEST_MS,
    );

    test(
      'rerouting takes each fix once and in order, and keeps the plans',
      async () => {
        const vehicles = ['V-10', 'V-11', 'V-12', 'V-13'];
        for (const vehicle of vehicles) await enrol(vehicle);
        const begin_ms = Date.now();
        let killing = true;
        const sent = new Map<string, number>();
        const drives = async (vehicle: string): Promise<void> => {
          for (let i = 0; killing || i < 10; i += 1) {
            await drive(vehicle, begin_ms + i);
            sent.set(vehicle, i + 1);
          }
        };
        const load = Promise.all(vehicles.map(drives));
        await eventually(() => vehicles.every((vehicle) => (sent.get(vehicle) ?? 0) > 5), { within_ms: 30_000 });
        await stage.killWorking('gps-rerouting');
        killing = false;
        await load;
        const taken = await stage.read(topics.positions.name);
        for (const vehicle of vehicles) {
          const times = taken
            .filter(({ key, timestamp_ms }) => text(key) === `demo/${vehicle}` && timestamp_ms >= begin_ms)
            .map(({ timestamp_ms }) => timestamp_ms);
          expect(times).toEqual(Array.from({ length: sent.get(vehicle) ?? 0 }, (_, i) => begin_ms + i));
        }
      },
      TEST_MS,
    );
  });

  test(
    'goes on by itself when the broker is killed with -9 and comes back after longer than a session',
    async () => {
      const answers = new Map<string, string>();
      let away = true;
      const pays = async (card: string): Promise<void> => {
        for (let i = 0; away || i < 3; i += 1) {
          const payment = paymentOf(card, i);
          const { body } = await stage.ask('fraud-scoring', '/v1/payments/decisions', payment);
          answers.set(payment.idempotency_key, JSON.stringify(body));
        }
      };
      const load = Promise.all(['out-1', 'out-2', 'out-3'].map(pays));
      await eventually(() => answers.size > 6);
      await stage.restartBroker(2 * SESSION_MS);
      away = false;
      await load;
      await world.block('out-1', 'reported stolen');
      const blocked = async () => {
        const { body } = await stage.ask('fraud-scoring', '/v1/payments/decisions', newPayment('out-1', Date.now()));
        return (body as { verdict: string }).verdict === 'block';
      };
      await eventually(blocked, { within_ms: 60_000, what: 'a block behind the outage' });
      expectDecided(answers, await decisions());
    },
    TEST_MS,
  );

  test(
    'stops cleanly when it is asked to, and the instances elsewhere take over',
    async () => {
      while ((await stage.working('fraud-scoring')).name !== 'first') await stage.killWorking('fraud-scoring');
      expect(await stage.platform.stop()).toBe(0);
      const { body } = await stage.ask('fraud-scoring', '/v1/payments/decisions', paymentOf('c-3', 0));
      expect(body).toMatchObject({ verdict: 'allow' });
      const again = await stage.ask('fraud-scoring', '/v1/payments/decisions', paymentOf('c-3', 0));
      expect(again.body).toEqual(body);
    },
    TEST_MS,
  );
});

const decisions = async (): Promise<DecisionRecord[]> =>
  (await stage.read(topics.decisions.name)).map(({ value }) => JSON.parse(text(value)) as DecisionRecord);

/** Each payment is in the log once, and as it was answered. */
function expectDecided(answers: ReadonlyMap<string, string>, decided: readonly DecisionRecord[]): void {
  const found = decided.filter(({ request }) => answers.has(request.idempotency_key));
  expect(found).toHaveLength(answers.size);
  for (const { request, decision } of found) {
    expect(JSON.stringify(decision)).toBe(answers.get(request.idempotency_key));
  }
}

/** The bodies that were sent, by their keys: a key again has the same body. */
const asked = new Map<string, ReturnType<typeof newPayment>>();

function newPayment(card: string, number: number) {
  const id = `${card}/${number}`;
  return {
    payment_id: id,
    idempotency_key: id,
    card,
    amount_minor: 100 + number,
    currency: 'EUR',
    merchant_id: 'M-001',
    event_ms: Date.now(),
  };
}

function paymentOf(card: string, number: number) {
  const key = `${card}/${number}`;
  const payment = asked.get(key) ?? newPayment(card, number);
  asked.set(key, payment);
  return payment;
}

async function namesInLog(): Promise<readonly { readonly key: string; readonly name: string }[]> {
  return (await stage.read(topics.products.name)).flatMap(({ key, value }) => {
    if (value === null || !text(key).startsWith('demo/P-')) return [];
    const { after } = JSON.parse(text(value)) as { after: { name: string } | null };
    return after === null ? [] : [{ key: text(key), name: after.name }];
  });
}

/** Puts a vehicle into the fleet, and waits until it may send fixes. */
async function enrol(vehicle_id: string): Promise<void> {
  await world.sql(
    `insert into fleet.vehicles (tenant_id, vehicle_id, depot_id, name) values ('demo', $1, 'north', $1)`,
    [vehicle_id],
  );
  await eventually(async () => (await position(vehicle_id, Date.now() - 60_000)).accepted === 1, {
    within_ms: 30_000,
    what: `vehicle ${vehicle_id} in the fleet`,
  });
}

async function position(vehicle_id: string, event_ms: number): Promise<{ accepted: number; stale: number }> {
  const fix = { vehicle_id, lat: 49.48, lon: 8.44, event_ms };
  const { body } = await stage.ask('gps-rerouting', '/v1/positions', { fixes: [fix] });
  return body as { accepted: number; stale: number };
}

/** A fix that was taken before its answer was lost counts as stale when it is sent again. */
async function drive(vehicle_id: string, event_ms: number): Promise<void> {
  const { accepted, stale } = await position(vehicle_id, event_ms);
  expect(accepted + stale).toBe(1);
}
