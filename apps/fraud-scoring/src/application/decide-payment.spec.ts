import { paymentDecisionRequest, principal, type PaymentDecision } from '@nerveline/contracts';
import { NervelineError, offset, type Commit, type ErrorCode, type RecordPosition } from '@nerveline/kernel';
import type { StateReader } from '@nerveline/log';
import { VirtualClock } from '@nerveline/testing';
import { digest } from '../adapters/digest';
import { defaultPolicy } from '../domain/default-policy';
import { Answers } from './answers';
import { CardHistories } from './card-histories';
import { DecidePayment } from './decide-payment';
import { Lists } from './lists';

/** A log whose commits wait until the test lets them through or fails them. */
class HeldLog {
  readonly committed: Commit[] = [];
  readonly #entries = new Map<string, Uint8Array>();
  readonly #held: { commit: Commit; resolve: (at: RecordPosition[]) => void; reject: (error: unknown) => void }[] = [];

  readonly state: StateReader = {
    get: (store, key) => this.#entries.get(`${store} ${key}`),
    *scan() {},
  };

  get waiting(): number {
    return this.#held.length;
  }

  commit(commit: Commit): Promise<RecordPosition[]> {
    return new Promise((resolve, reject) => this.#held.push({ commit, resolve, reject }));
  }

  async pass(): Promise<void> {
    for (const { commit, resolve } of this.#held.splice(0)) {
      this.committed.push(commit);
      for (const { store, key, value } of commit.state ?? []) {
        if (value === null) this.#entries.delete(`${store} ${key}`);
        else this.#entries.set(`${store} ${key}`, value);
      }
      resolve((commit.appends ?? []).map(({ topic }) => ({ topic, partition: 0, offset: offset(0) })));
    }
    await settled();
  }

  async fail(code: ErrorCode): Promise<void> {
    for (const { reject } of this.#held.splice(0)) reject(new NervelineError(code, { detail: 'a planted fault' }));
    await settled();
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function open(max_under_way = 100) {
  const log = new HeldLog();
  const clock = new VirtualClock();
  const clocks = { of: () => clock };
  const fatal: unknown[] = [];
  const payments = new DecidePayment({
    log,
    clocks,
    lists: new Lists(),
    histories: new CardHistories(log.state, 10),
    answers: new Answers({ log, clocks }),
    policy: defaultPolicy,
    max_under_way,
    digest,
    onFatal: (error) => fatal.push(error),
  });
  const caller = principal.parse({ tenant_id: 'demo', subject: 's', roles: [], scopes: [] });
  let number = 0;
  const command = (more: object = {}) => {
    number += 1;
    const id = String(number);
    const fixed = { currency: 'EUR', merchant_id: 'm', card: 'c', amount_minor: 100, event_ms: clock.now_ms() };
    const request = paymentDecisionRequest.parse({ ...fixed, payment_id: id, idempotency_key: id, ...more });
    return { request, principal: caller };
  };
  return { log, payments, command, fatal };
}

const verdictOf = ({ answer }: { answer: Uint8Array }) =>
  (JSON.parse(new TextDecoder().decode(answer)) as PaymentDecision).verdict;

test('an answer leaves only when its decision is durable', async () => {
  const { log, payments, command } = open();
  let answered = false;
  const decided = payments.decide(command()).then((answer) => {
    answered = true;
    return answer;
  });
  await settled();
  expect([log.waiting, answered]).toEqual([1, false]);
  await log.pass();
  expect(verdictOf(await decided)).toBe('allow');
});

test('payments of one card that come while a commit is under way are decided together behind it', async () => {
  const { log, payments, command } = open();
  const decided = Promise.all(Array.from({ length: 7 }, () => payments.decide(command())));
  await settled();
  expect(log.waiting).toBe(1);
  await log.pass();
  expect(log.waiting).toBe(1);
  await log.pass();
  expect(log.committed.map(({ appends = [] }) => appends.length)).toEqual([1, 6]);
  expect((await decided).map(verdictOf)).toEqual(['allow', 'allow', 'allow', 'review', 'review', 'block', 'block']);
});

test('cards do not wait for each other', async () => {
  const { log, payments, command } = open();
  const decided = Promise.all(['a', 'b', 'c'].map((card) => payments.decide(command({ card }))));
  await settled();
  expect(log.waiting).toBe(3);
  await log.pass();
  await decided;
});

test('what could not be made durable is not counted, and the same key decides it afresh', async () => {
  const { log, payments, command, fatal } = open();
  const first = command();
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const refused = expect(payments.decide(first)).rejects.toMatchObject({ code: 'NL-LOG-003', http_status: 503 });
    const behind = expect(payments.decide(command())).rejects.toMatchObject({ code: 'NL-LOG-003' });
    await settled();
    await log.fail('NL-LOG-003');
    await log.fail('NL-LOG-003');
    await Promise.all([refused, behind]);
  }
  expect(payments.under_way).toBe(0);
  const decided = payments.decide(first);
  await settled();
  await log.pass();
  expect(verdictOf(await decided)).toBe('allow');
  expect(fatal).toEqual([]);
});

test('a payment that waited behind a failed commit is decided as if that had never been', async () => {
  const { log, payments, command } = open();
  const failed = expect(payments.decide(command())).rejects.toMatchObject({ code: 'NL-LOG-003' });
  const behind = Promise.all(Array.from({ length: 4 }, () => payments.decide(command())));
  await settled();
  await log.fail('NL-LOG-003');
  await failed;
  await log.pass();
  expect((await behind).map(verdictOf)).toEqual(['allow', 'allow', 'allow', 'review']);
});

test('one that can not be decided is refused, and those beside it go on', async () => {
  const { log, payments, command } = open();
  const first = payments.decide(command());
  const refused = expect(payments.decide(command({ event_ms: 0 }))).rejects.toMatchObject({ code: 'NL-FRD-002' });
  const last = payments.decide(command());
  await settled();
  await log.pass();
  await log.pass();
  await refused;
  expect([verdictOf(await first), verdictOf(await last)]).toEqual(['allow', 'allow']);
});

test('more than the limit may not wait', async () => {
  const { log, payments, command } = open(2);
  const decided = [payments.decide(command()), payments.decide(command())];
  await expect(payments.decide(command())).rejects.toMatchObject({ code: 'NL-FRD-005', retriable: true });
  await settled();
  await log.pass();
  await log.pass();
  await Promise.all(decided);
});

test('a process that lost the log says so and sends its callers to its successor', async () => {
  const { log, payments, command, fatal } = open();
  const refused = expect(payments.decide(command())).rejects.toMatchObject({ code: 'NL-API-008', retriable: true });
  await settled();
  await log.fail('NL-LOG-004');
  await refused;
  expect(fatal).toMatchObject([{ code: 'NL-LOG-004' }]);
});
