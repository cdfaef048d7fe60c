import { topics, type DecisionRecord } from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import { openLog } from '@nerveline/log';
import { eventually, startPlatform, type Answer, type TestPlatform } from '@nerveline/testing';
import { Client } from 'pg';

const PAYMENTS = 40;
/** Misses, back-off and start together, on a machine that has other work. */
const RESTART_DEADLINE_MS = 60_000;
const VICTIMS = ['cdc-relay', 'fraud-scoring'];

test('services that hang are replaced within seconds: every payment asked meanwhile has one answer, every row committed meanwhile arrives', async () => {
  await using platform = await startPlatform({ words: ['--no-simulator'] });
  const hung = VICTIMS.map((name) => platform.pidOf(name) ?? 0);
  const before = payment('before');
  const first = await untilAnswered(platform, before);
  for (const pid of hung) process.kill(pid, 'SIGSTOP');

  await blockCard(platform, 'blocked-meanwhile');
  const bodies = Array.from({ length: PAYMENTS }, (_, at) => payment(`meanwhile-${at}`));
  const answers = await Promise.all(bodies.map((body) => untilAnswered(platform, body)));

  for (const [at, name] of VICTIMS.entries()) {
    await eventually(() => ![undefined, hung[at]].includes(platform.pidOf(name)), { within_ms: RESTART_DEADLINE_MS });
    const told = new RegExp(`${name} +gave no answer for \\d+ s and was killed; starts again in \\d+ ms`);
    expect(platform.output()).toMatch(told);
  }
  expect(await untilAnswered(platform, before)).toEqual(first);
  expect(await Promise.all(bodies.map((body) => untilAnswered(platform, body)))).toEqual(answers);
  const ids = [before, ...bodies].map(({ payment_id }) => payment_id);
  expect((await decidedIn(platform)).sort()).toEqual(ids.sort());

  await eventually(
    async () => {
      const { body } = await untilAnswered(platform, payment(`after-${performance.now()}`, 'blocked-meanwhile'));
      return (body as { verdict: string }).verdict === 'block';
    },
    { within_ms: RESTART_DEADLINE_MS, what: 'the block list reaches the decisions' },
  );
  expect(await platform.stop()).toBe(0);
}, 240_000);

const payment = (payment_id: string, card = payment_id) => ({
  payment_id,
  idempotency_key: payment_id,
  card,
  amount_minor: 1_250,
  currency: 'EUR',
  merchant_id: 'M-001',
  event_ms: Date.now(),
});

/** As a caller that retries: a question is repeated until it gets an answer. */
function untilAnswered(platform: TestPlatform, body: object): Promise<Answer> {
  return eventually(
    async () => {
      const answer = await platform.post('fraud-scoring', '/v1/payments/decisions', body);
      if (answer.status === 200) return answer;
      throw new Error(JSON.stringify(answer));
    },
    { within_ms: RESTART_DEADLINE_MS, what: 'an answer to a payment' },
  );
}

async function blockCard({ database_url }: TestPlatform, card: string): Promise<void> {
  const client = new Client({ connectionString: database_url });
  await client.connect();
  try {
    await client.query(`INSERT INTO fraud.block_list VALUES ('demo', 'card', $1, 'reported stolen', 'test')`, [card]);
  } finally {
    await client.end();
  }
}

async function decidedIn({ data_directory }: TestPlatform): Promise<string[]> {
  const log = await openLog({ data_directory, service: 'test-reader' });
  try {
    const ids: string[] = [];
    const topic = topics.decisions.name;
    for (let partition = 0; partition < (await log.partitionCount(topic)); partition++) {
      const { start_offset, next_offset } = await log.tail(topic, partition);
      for (let from = start_offset; from < next_offset;) {
        const batch = await log.read({ topic, partition, from });
        for (const { value } of batch.records) {
          ids.push((JSON.parse(Buffer.from(value ?? []).toString()) as DecisionRecord).request.payment_id);
        }
        from = offset(batch.next_offset);
      }
    }
    return ids;
  } finally {
    await log.close();
  }
}
