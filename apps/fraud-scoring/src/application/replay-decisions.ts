import { decodeJson, encodeJson, tenantKey, topics, type DecisionRecord } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import type { LogRecord } from '@nerveline/log';
import type { CardHistory } from '../domain/card-history';
import { acceptPayment } from '../domain/payment';
import type { Policy } from '../domain/policy';
import { Answers } from './answers';
import { ListHistory, type LogHistory } from './list-history';
import { makeDecision } from './make-decision';

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
  readonly stored: string;
  readonly recomputed: string;
}

export interface ReplayReport {
  readonly decisions: number;
  readonly different: number;
}

const text = new TextDecoder();

/**
 * Makes every decision in the log again, from the same inputs and by the code that runs live, and compares byte for byte.
 * A card's decisions lie in one partition in the order in which they were made, so partition after partition will do; the
 * lists are taken as they were at each decision's read vector, the time is the reading that it stored.
 *
 * @throws NervelineError `NL-FRD-006` for rules that aren't among `policies`
 */
export async function replayDecisions(ports: ReplayPorts): Promise<ReplayReport> {
  const { log } = ports;
  const lists = await ListHistory.read(log);
  const policies = new Map(ports.policies.map((policy) => [policy.version, policy]));
  let decisions = 0;
  let different = 0;
  const partitions = await log.partitionCount(TOPIC);
  for (let partition = 0; partition < partitions; partition += 1) {
    const histories = new Map<string, CardHistory>();
    const { start_offset, next_offset } = await log.tail(TOPIC, partition);
    for (let from = start_offset; from < next_offset;) {
      const batch = await log.read({ topic: TOPIC, partition, from });
      for (const record of batch.records) {
        if (record.value === null) continue;
        const stored = text.decode(record.value);
        const recomputed = decideAgain(record.value, { ...ports, histories, lists, policies });
        decisions += 1;
        if (stored === recomputed) continue;
        different += 1;
        ports.onDifference({ partition, offset: record.offset, stored, recomputed });
      }
      from = batch.next_offset;
    }
  }
  return { decisions, different };
}

function decideAgain(
  value: NonNullable<LogRecord['value']>,
  past: {
    readonly histories: Map<string, CardHistory>;
    readonly lists: ListHistory;
    readonly policies: ReadonlyMap<string, Policy>;
    digest(this: void, text: string): string;
  },
): string {
  const { request, principal, decision } = decodeJson(topics.decisions, value);
  const { offsets, event_clock_ms } = decision.read_vector;
  const policy = policyOf(decision, past.policies);
  const accepted = acceptPayment(request, event_clock_ms, policy);
  if (!accepted.ok) return `refused: ${accepted.error.code} ${accepted.error.detail}`;
  const card_key = tenantKey(principal.tenant_id, request.card);
  const key_digest = past.digest(tenantKey(principal.tenant_id, request.idempotency_key));
  const { record, history } = makeDecision(
    {
      request,
      payment: accepted.value,
      principal,
      decision_id: Answers.decisionId(key_digest, event_clock_ms),
      history: past.histories.get(card_key) ?? [],
      lists: past.lists.at(offsets),
      list_offsets: offsets,
      event_clock_ms,
    },
    policy,
  );
  past.histories.set(card_key, history);
  return text.decode(encodeJson(topics.decisions, record));
}

function policyOf({ read_vector }: DecisionRecord['decision'], policies: ReadonlyMap<string, Policy>): Policy {
  const { rules = '' } = read_vector.versions;
  const policy = policies.get(rules);
  if (policy === undefined) throw new NervelineError('NL-FRD-006', { detail: `no rules of version '${rules}'` });
  return policy;
}
