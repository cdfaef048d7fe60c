import { decodeJson, encodeJson, tenantKey, topics, type DecisionRecord } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import type { LogRecord } from '@nerveline/log';
import type { CardHistory } from '../domain/card-history';
import type { State } from '../domain/decide';
import { acceptPayment } from '../domain/payment';
import type { Policy } from '../domain/policy';
import { Answers } from './answers';
import { stateOf } from './decision-inputs';
import { ListHistory, type LogHistory } from './list-history';
import { makeDecision, type MadeDecision } from './make-decision';

const TOPIC = topics.decisions.name;

export interface ReplayPorts {
  readonly log: LogHistory;
  /** Every policy that decided anything, by its version. */
  readonly policies: readonly Policy[];
  digest(this: void, text: string): string;
  /** A decision that the replay made otherwise. */
  onDifference(difference: Difference): void;
}

export interface Difference {
  readonly partition: number;
  readonly offset: number;
  /** Where the replay took the inputs from: what the record kept, or the topics that they once came from. */
  readonly inputs_from: 'record' | 'log';
  readonly stored: string;
  readonly recomputed: string;
}

/** Counts of decisions. */
export interface ReplayReport {
  readonly decisions: number;
  /** Made otherwise by the replay, from either source of inputs. */
  readonly different: number;
  /** Made again from what their record kept. */
  readonly from_record: number;
  /** Made again from the topics that their inputs came from: all whose past the log still has. */
  readonly from_log: number;
  /** Neither: of format 1, which kept no inputs, and from before what the log still has. */
  readonly unknown: number;
}

interface Past {
  /** Histories after the decisions so far; undefined where a decision of format 1 could not be made again. */
  readonly histories: Map<string, CardHistory | undefined>;
  /** The partition still begins with its first record, so a card that wasn't seen yet has no history. */
  readonly from_the_start: boolean;
  readonly lists: ListHistory;
}

const text = new TextDecoder();

/**
 * Makes every decision in the log again by the code that runs live, and compares byte for byte: from the inputs that its
 * record kept, which takes nothing else, and from the inputs as the log tells them, as far back as it does. A card's
 * decisions lie in one partition in the order in which they were made, so partition after partition will do; the lists
 * are taken as they were at each decision's read vector, the time is the reading that it stored.
 *
 * @throws NervelineError `NL-FRD-006` for rules that aren't among `policies`
 */
export async function replayDecisions(ports: ReplayPorts): Promise<ReplayReport> {
  const { log, digest } = ports;
  const lists = await ListHistory.read(log);
  const policies = new Map(ports.policies.map((policy) => [policy.version, policy]));
  const report = { decisions: 0, different: 0, from_record: 0, from_log: 0, unknown: 0 };
  const partitions = await log.partitionCount(TOPIC);
  for (let partition = 0; partition < partitions; partition += 1) {
    const { start_offset, next_offset } = await log.tail(TOPIC, partition);
    const past: Past = { histories: new Map(), from_the_start: start_offset === 0, lists };
    for (let from = start_offset; from < next_offset;) {
      const batch = await log.read({ topic: TOPIC, partition, from });
      for (const { value, offset } of batch.records) {
        if (value === null) continue;
        const made = decideAgain(value, past, { policies, digest });
        count(report, made);
        for (const difference of made.different) ports.onDifference({ partition, offset, ...difference });
      }
      from = batch.next_offset;
    }
  }
  return report;
}

type Found = Omit<Difference, 'partition' | 'offset'>;

interface MadeAgain {
  readonly inputs_from: readonly Difference['inputs_from'][];
  readonly different: readonly Found[];
}

function count(
  report: { -readonly [Name in keyof ReplayReport]: number },
  { inputs_from, different }: MadeAgain,
): void {
  report.decisions += 1;
  if (different.length > 0) report.different += 1;
  if (inputs_from.includes('record')) report.from_record += 1;
  if (inputs_from.includes('log')) report.from_log += 1;
  if (inputs_from.length === 0) report.unknown += 1;
}

interface Code {
  readonly policies: ReadonlyMap<string, Policy>;
  digest(this: void, text: string): string;
}

function decideAgain(value: NonNullable<LogRecord['value']>, past: Past, code: Code): MadeAgain {
  const stored = text.decode(value);
  const record = decodeJson(topics.decisions, value);
  const card_key = tenantKey(record.principal.tenant_id, record.request.card);
  const states = [
    { inputs_from: 'record', state: keptState(record) },
    { inputs_from: 'log', state: stateInLog(record, card_key, past) },
  ] as const;
  const inputs_from: Difference['inputs_from'][] = [];
  const different: Found[] = [];
  for (const source of states) {
    if (source.state === undefined) continue;
    const { recomputed, history } = decideFrom(source.state, record, code);
    inputs_from.push(source.inputs_from);
    if (recomputed !== stored) different.push({ inputs_from: source.inputs_from, stored, recomputed });
    // What the log tells comes last and stands; where it tells nothing, the next decision goes on from this record.
    if (history !== undefined) past.histories.set(card_key, history);
  }
  if (inputs_from.length === 0) past.histories.set(card_key, undefined);
  return { inputs_from, different };
}

function keptState({ inputs, decision }: DecisionRecord): State | undefined {
  return inputs && stateOf(inputs, decision.read_vector.event_clock_ms);
}

function stateInLog({ request, principal, decision }: DecisionRecord, card_key: string, past: Past): State | undefined {
  const { offsets, event_clock_ms } = decision.read_vector;
  const unseen = past.from_the_start ? [] : undefined;
  const history = past.histories.has(card_key) ? past.histories.get(card_key) : unseen;
  const { card, merchant_id } = request;
  const seen = past.lists.see({ tenant_id: principal.tenant_id, card, merchant_id }, offsets);
  return history && seen && { history, ...seen, event_clock_ms };
}

function decideFrom(
  state: State,
  { format_version, request, principal, decision }: DecisionRecord,
  code: Code,
): { readonly recomputed: string; readonly history?: CardHistory } {
  const policy = policyOf(decision, code.policies);
  const accepted = acceptPayment(request, state.event_clock_ms, policy);
  if (!accepted.ok) return { recomputed: `refused: ${accepted.error.code} ${accepted.error.detail}` };
  const key_digest = code.digest(tenantKey(principal.tenant_id, request.idempotency_key));
  const { record, history } = makeDecision(
    {
      request,
      payment: accepted.value,
      principal,
      decision_id: Answers.decisionId(key_digest, state.event_clock_ms),
      state,
      list_offsets: decision.read_vector.offsets,
    },
    policy,
  );
  return { recomputed: text.decode(encodeJson(topics.decisions, inFormat(format_version, record))), history };
}

/** The record as a writer of that format wrote it. */
function inFormat(format_version: DecisionRecord['format_version'], made: MadeDecision['record']): DecisionRecord {
  if (format_version === 2) return made;
  const { inputs: _kept, ...record } = made;
  return { ...record, format_version };
}

function policyOf({ read_vector }: DecisionRecord['decision'], policies: ReadonlyMap<string, Policy>): Policy {
  const { rules = '' } = read_vector.versions;
  const policy = policies.get(rules);
  if (policy === undefined) throw new NervelineError('NL-FRD-006', { detail: `no rules of version '${rules}'` });
  return policy;
}
