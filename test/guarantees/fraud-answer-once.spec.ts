import { openLog } from '@nerveline/log';
import { createTempDirectory, createTestKeys, describeWith } from '@nerveline/testing';
import { ChangeWriter, openFraudScoring, payment, readAll } from '../integration/fraud-context';
import { startFraudProcess, type FraudProcess } from '../integration/fraud-process';

const ROUNDS = process.env['NERVELINE_LONG'] === '1' ? 30 : 3;
const CALLERS = 32;
const CARDS = 20;

/** A request and the answers that it got. */
interface Asked {
  readonly body: Record<string, unknown>;
  readonly answers: Set<string>;
}

async function openPlace() {
  const directory = await createTempDirectory();
  const keys = await createTestKeys();
  await using changes = await ChangeWriter.open(directory.path);
  await changes.finishSnapshot();
  return {
    data_directory: directory.path,
    keys,
    [Symbol.asyncDispose]: async () => {
      await keys[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Asks for decisions without a pause until nobody answers any more. */
async function askUntilItDies(fraud: FraudProcess, asked: Asked[]): Promise<void> {
  const caller = async () => {
    for (;;) {
      const one: Asked = { body: payment({ card: `card-${asked.length % CARDS}` }), answers: new Set() };
      asked.push(one);
      try {
        const { status, text } = await fraud.post(one.body);
        if (status === 200) one.answers.add(text);
      } catch {
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

async function decisionsIn(data_directory: string): Promise<Map<string, string[]>> {
  const log = await openLog({ service: 'reader', data_directory });
  try {
    const byKey = new Map<string, string[]>();
    for (const { value } of await readAll(log, 'fraud.decisions')) {
      const { request, decision } = JSON.parse(value) as { request: { idempotency_key: string }; decision: object };
      byKey.set(request.idempotency_key, [...(byKey.get(request.idempotency_key) ?? []), JSON.stringify(decision)]);
    }
    return byKey;
  } finally {
    await log.close();
  }
}

test('an answered payment is in the log once and never answered differently, though the process is killed under load', async () => {
  await using place = await openPlace();
  const asked: Asked[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await using fraud = await startFraudProcess(place);
    const load = askUntilItDies(fraud, asked);
    const enough = asked.length + 150 + Math.floor(Math.random() * 250);
    while (asked.length < enough) await new Promise((resolve) => setImmediate(resolve));
    await fraud.kill();
    await load;
  }
  const answered = asked.filter(({ answers }) => answers.size > 0);
  expect(answered.length).toBeGreaterThan(ROUNDS * 50);
  expect(asked.length).toBeGreaterThan(answered.length);

  const afterwards = await decisionsIn(place.data_directory);
  for (const { body, answers } of answered) {
    expect(afterwards.get(String(body['idempotency_key']))).toEqual([...answers]);
  }
  await using fraud = await startFraudProcess(place);
  const left = asked.values();
  const askAgain = async () => {
    for (const { body, answers } of left) {
      const { status, text } = await fraud.post(body);
      expect(status).toBe(200);
      answers.add(text);
      expect(answers.size).toBe(1);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, askAgain));
  const finally_ = await decisionsIn(place.data_directory);
  expect(finally_.size).toBe(asked.length);
  for (const { body, answers } of asked) expect(finally_.get(String(body['idempotency_key']))).toEqual([...answers]);
}, 300_000);

test('one key asked many times at once is decided once, and everyone gets the same bytes', async () => {
  await using fraud = await openFraudScoring();
  const body = JSON.stringify(payment());
  const answers = await Promise.all(Array.from({ length: 50 }, () => fraud.post(body)));
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(await fraud.readAll('fraud.decisions')).toHaveLength(1);
});

test('the same key with another body is a conflict, at once and after a restart; another order of fields is not', async () => {
  await using fraud = await openFraudScoring();
  const body = payment();
  const other = { ...body, amount_minor: 99 };
  const outcomes = await Promise.all([body, other].map((one) => fraud.post(JSON.stringify(one))));
  expect(outcomes.map(({ status }) => status)).toEqual([200, 409]);
  await fraud.restart();
  const conflict = await fraud.post(JSON.stringify({ ...body, card: 'another' }));
  expect([conflict.status, JSON.parse(conflict.text)]).toMatchObject([
    409,
    { error: { code: 'NL-API-007', field: 'idempotency_key', retriable: false } },
  ]);
  const reordered = Object.fromEntries(Object.entries(body).reverse());
  expect((await fraud.post(JSON.stringify(reordered))).text).toBe(outcomes[0]?.text);
});

describeWith('strace', 'with a disk that fails', (strace) => {
  test('a decision that can not be made durable is not made: 503, nothing counted, and asked again after the restart it is decided', async () => {
    await using place = await openPlace();
    const fault = ['-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=EIO:when=4..6'];
    const bodies = Array.from({ length: 8 }, () => payment({ card: 'one', event_ms: Date.now() }));
    const verdicts: string[] = [];
    const take = ({ status, text }: { readonly status: number; readonly text: string }): boolean => {
      const answer = JSON.parse(text) as { verdict?: string; error?: { code: string; retriable: boolean } };
      if (status === 200) verdicts.push(answer.verdict ?? '');
      else expect([status, answer.error]).toMatchObject([503, { code: 'NL-LOG-003', retriable: true }]);
      return status === 200;
    };
    {
      await using failing = await startFraudProcess({
        ...place,
        under: [strace, '-f', '-qq', '-o', '/dev/null', ...fault],
        environment: { UV_THREADPOOL_SIZE: '1' },
      });
      let decided = true;
      while (decided && verdicts.length < bodies.length)
        decided = take(await failing.post(bodies[verdicts.length] ?? {}));
      expect(decided).toBe(false);
      // What the disk holds is known only to a fresh start: the process ends by itself.
      await failing.ended;
    }
    await using fraud = await startFraudProcess(place);
    while (verdicts.length < bodies.length) expect(take(await fraud.post(bodies[verdicts.length] ?? {}))).toBe(true);
    // Had the failed attempt been counted, the limits of 3 and 5 payments in a minute would show earlier.
    expect(verdicts).toEqual(['allow', 'allow', 'allow', 'review', 'review', 'block', 'block', 'block']);
    expect((await decisionsIn(place.data_directory)).size).toBe(8);
  }, 120_000);
});
