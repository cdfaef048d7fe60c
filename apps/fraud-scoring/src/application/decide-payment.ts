import {
  recordHeaders,
  tenantKey,
  topics,
  type DecisionRecord,
  type PaymentDecisionRequest,
  type Verdict,
} from '@nerveline/contracts';
import {
  isNervelineError,
  NervelineError,
  type Clock,
  type CommitPort,
  type ErrorCode,
  type OutRecord,
  type RecordHeaders,
  type StateWrite,
} from '@nerveline/kernel';
import type { CardHistory } from '../domain/card-history';
import { looksLikeCardNumber } from '../domain/card-number';
import { acceptPayment } from '../domain/payment';
import type { Policy } from '../domain/policy';
import { Answers, type StoredAnswer } from './answers';
import type { CardHistories } from './card-histories';
import { CardLanes } from './card-lanes';
import type { Lists } from './lists';
import { makeDecision } from './make-decision';

/** Another process took over, we closed it, or it refuses everything until it is opened again. */
const LOG_IS_LOST: readonly ErrorCode[] = ['NL-LOG-004', 'NL-LOG-015', 'NL-LOG-016'];

export interface DecidePaymentPorts {
  readonly log: CommitPort;
  readonly clocks: { of(tenant_id: string): Clock };
  readonly lists: Pick<Lists, 'see' | 'offsets'>;
  readonly histories: CardHistories;
  readonly answers: Answers;
  readonly policy: Policy;
  /** Payments that may be under way at once; more are refused with `NL-FRD-005`. */
  readonly max_under_way: number;
  /** 22 characters (128 bits) that stand for a text. */
  digest(text: string): string;
  /** The service can't go on: another process took over, or the log refuses everything. */
  onFatal(error: unknown): void;
}

/** A request with whom it came from. */
export interface DecideCommand {
  readonly request: PaymentDecisionRequest;
  readonly principal: DecisionRecord['principal'];
  readonly traceparent?: string;
  /** Wall time when the request came in; for measuring only, no decision sees it. */
  readonly received_ms?: number;
}

export interface Decided {
  /** The answer's bytes: the same for every request with this idempotency key. */
  readonly answer: Uint8Array;
  /** Undefined when the answer was given before. */
  readonly verdict: Verdict | undefined;
}

/** A payment on its way to its decision. */
interface UnderWay extends DecideCommand {
  readonly card_key: string;
  readonly key_digest: string;
  readonly fingerprint: string;
  readonly resolve: (decided: Decided) => void;
  readonly reject: (error: unknown) => void;
}

interface Made {
  readonly command: UnderWay;
  readonly answer: Uint8Array;
  readonly verdict: Verdict;
  readonly append: OutRecord;
  readonly state: readonly StateWrite[];
}

/**
 * Decides payments: read, decide and update of a card are one synchronous step, and one commit makes the decisions, the
 * card's history and the answers durable before any answer leaves.
 *
 * A card has at most one commit under way. What comes meanwhile waits and is decided together on what that commit left
 * behind. So a commit that fails leaves nothing to roll back: the history in memory is the durable one, nothing was
 * decided on top of what failed, and its callers are told to try again.
 */
export class DecidePayment {
  readonly #lanes = new CardLanes<UnderWay>((card_key, batch) => this.#decideBatch(card_key, batch));
  /** By tenant and digest of the idempotency key. */
  readonly #under_way = new Map<string, { readonly fingerprint: string; readonly decided: Promise<Decided> }>();

  constructor(private readonly ports: DecidePaymentPorts) {}

  get under_way(): number {
    return this.#under_way.size;
  }

  /**
   * Resolves with the answer when it is durable.
   *
   * @throws NervelineError `NL-FRD-001` to `NL-FRD-004` for a payment that can't be decided, `NL-FRD-005` when too many
   *   wait, `NL-API-007` for a key that was used with another body, `NL-API-008` and `NL-LOG-003` when the decision could
   *   not be made durable: then nothing was decided
   */
  async decide(command: DecideCommand): Promise<Decided> {
    const { request, principal } = command;
    if (looksLikeCardNumber(request.card)) {
      throw new NervelineError('NL-FRD-003', { field: 'card', detail: 'card must be a token, this is a card number' });
    }
    const { tenant_id } = principal;
    const key_digest = this.ports.digest(tenantKey(tenant_id, request.idempotency_key));
    const fingerprint = this.ports.digest(JSON.stringify(request));
    const key = `${tenant_id}/${key_digest}`;
    const twin = this.#under_way.get(key);
    if (twin !== undefined) {
      demandSameBody(fingerprint, twin.fingerprint);
      return { answer: (await twin.decided).answer, verdict: undefined };
    }
    const stored = this.#find(tenant_id, key_digest);
    if (stored !== undefined) {
      demandSameBody(fingerprint, stored.fingerprint);
      return { answer: stored.answer, verdict: undefined };
    }
    if (this.#under_way.size >= this.ports.max_under_way) {
      throw new NervelineError('NL-FRD-005', { detail: `${this.#under_way.size} payments wait for their decision` });
    }
    const card_key = tenantKey(tenant_id, request.card);
    const decided = new Promise<Decided>((resolve, reject) => {
      this.#lanes.enter(card_key, { ...command, card_key, key_digest, fingerprint, resolve, reject });
    });
    this.#under_way.set(key, { fingerprint, decided });
    try {
      return await decided;
    } finally {
      this.#under_way.delete(key);
    }
  }

  #find(tenant_id: string, key_digest: string): StoredAnswer | undefined {
    try {
      return this.ports.answers.find(tenant_id, key_digest);
    } catch (error) {
      throw this.#afterFailure(error);
    }
  }

  /** Never rejects: every payment gets its outcome. */
  async #decideBatch(card_key: string, batch: readonly UnderWay[]): Promise<void> {
    try {
      await this.#decideTogether(card_key, batch);
    } catch (error) {
      const answer = this.#afterFailure(error);
      for (const { reject } of batch) reject(answer);
    }
  }

  async #decideTogether(card_key: string, batch: readonly UnderWay[]): Promise<void> {
    const { log, histories, answers, clocks } = this.ports;
    const tenant_id = batch[0]?.principal.tenant_id ?? '';
    const event_clock_ms = clocks.of(tenant_id).now_ms();
    // From here to the commit nothing may wait: lists, vector, clock and history belong together.
    let history = histories.load(card_key);
    const made: Made[] = [];
    for (const command of batch) {
      const next = this.#make(command, history, event_clock_ms);
      if (next === undefined) continue;
      history = next.history;
      made.push(next.made);
    }
    if (made.length === 0) return;
    await log.commit({
      appends: made.map(({ append }) => append),
      state: [histories.write(card_key, history), ...made.flatMap(({ state }) => state)],
    });
    histories.keep(card_key, history);
    if (answers.written(tenant_id, event_clock_ms)) this.#forgetOld(tenant_id);
    for (const { command, answer, verdict } of made) command.resolve({ answer, verdict });
  }

  /** Decides one payment; one that can't be decided is refused, and the others go on. */
  #make(
    command: UnderWay,
    history: CardHistory,
    event_clock_ms: number,
  ): { made: Made; history: CardHistory } | undefined {
    const { policy, lists, answers } = this.ports;
    const { request, principal, card_key, key_digest, fingerprint } = command;
    const accepted = acceptPayment(request, event_clock_ms, policy);
    if (!accepted.ok) {
      command.reject(new NervelineError(accepted.error.code, accepted.error));
      return undefined;
    }
    const decision_id = Answers.decisionId(key_digest, event_clock_ms);
    const listed = { tenant_id: principal.tenant_id, card: request.card, merchant_id: request.merchant_id };
    const question = {
      request,
      payment: accepted.value,
      principal,
      decision_id,
      state: { history, ...lists.see(listed), event_clock_ms },
      list_offsets: lists.offsets,
    };
    const next = makeDecision(question, policy);
    const answer = Buffer.from(JSON.stringify(next.record.decision));
    const append: OutRecord = {
      topic: topics.decisions.name,
      key: card_key,
      value: Buffer.from(JSON.stringify(next.record)),
      headers: headersOf(command),
      timestamp_ms: request.event_ms,
    };
    const state = answers.writes(principal.tenant_id, { fingerprint, answer }, { key_digest, event_clock_ms });
    const made = { command, answer, verdict: next.record.decision.verdict, append, state };
    return { made, history: next.history };
  }

  #forgetOld(tenant_id: string): void {
    // What is left over is removed when the next part of the day begins.
    this.ports.answers.forgetOld(tenant_id).catch((error: unknown) => this.#afterFailure(error));
  }

  /** Nothing was decided. Where the log is lost to this process, the caller finds its successor by trying again. */
  #afterFailure(error: unknown): unknown {
    if (!isNervelineError(error) || !LOG_IS_LOST.includes(error.code)) return error;
    if (error.code !== 'NL-LOG-015') this.ports.onFatal(error);
    return new NervelineError('NL-API-008', { detail: 'the decision could not be made durable', cause: error });
  }
}

function demandSameBody(fingerprint: string, known: string): void {
  if (fingerprint === known) return;
  throw new NervelineError('NL-API-007', {
    field: 'idempotency_key',
    detail: 'this idempotency key was used with another body',
  });
}

function headersOf({ principal, traceparent, received_ms }: DecideCommand): RecordHeaders {
  return {
    [recordHeaders.subject]: principal.subject,
    ...(traceparent !== undefined && { [recordHeaders.traceparent]: traceparent }),
    ...(received_ms !== undefined && { [recordHeaders.received_ms]: String(received_ms) }),
  };
}
