import type { Clock, CommitPort, StateWrite } from '@nerveline/kernel';
import type { StateReader } from '@nerveline/log';
import { encodeStored, withoutVersion, withVersion } from './stored-value';

const HOUR_MS = 3_600_000;
/** An answer is repeated for at least this long, by the event clock. */
export const KEEP_ANSWERS_MS = 24 * HOUR_MS;
/** Answers are kept and forgotten by the part of the day in which they were given: no index by time is needed. */
const PART_MS = 6 * HOUR_MS;
const FORGET_SLICE = 500;

const ANSWERS = 'answers';
const PARTS = 'answer_parts';
/** Characters of a digest, all ASCII. */
const DIGEST_CHARS = 22;

const text = new TextDecoder();

/** An answer that was given, and what it answered. */
export interface StoredAnswer {
  /** Digest of the request's body. */
  readonly fingerprint: string;
  readonly answer: Uint8Array;
}

interface Ports {
  readonly log: CommitPort & { readonly state: StateReader };
  readonly clocks: { of(tenant_id: string): Clock };
}

/**
 * The answers of the last 24 hours by idempotency key. Written in the same commit as the decision, so an answer is there
 * exactly when its decision is in the log. On disk only: 24 to 30 hours of answers, some 800 bytes each.
 */
export class Answers {
  /** The parts of each tenant that hold answers. */
  readonly #parts: Map<string, Set<number>>;
  readonly #forgetting = new Set<string>();

  constructor(private readonly ports: Ports) {
    this.#parts = new Map();
    for (const [key] of ports.log.state.scan(PARTS, '')) this.opened(partOfKey(key));
  }

  /** A decision's name: where its answer lies. The same request at the same time has the same one, in a replay, too. */
  static decisionId(key_digest: string, event_clock_ms: number): string {
    return `${partAt(event_clock_ms).toString(36)}-${key_digest}`;
  }

  find(tenant_id: string, key_digest: string): StoredAnswer | undefined {
    const now_ms = this.ports.clocks.of(tenant_id).now_ms();
    for (const part of this.#parts.get(tenant_id) ?? []) {
      if (isOver(part, now_ms)) continue;
      const stored = this.ports.log.state.get(ANSWERS, answerKey(tenant_id, part, key_digest));
      if (stored !== undefined) return decodeAnswer(stored);
    }
    return undefined;
  }

  /** The answer of a decision, while it is kept. */
  byDecision(tenant_id: string, decision_id: string): Uint8Array | undefined {
    const match = /^([0-9a-z]{1,10})-([\w-]{22})$/.exec(decision_id);
    if (match === null) return undefined;
    const [, part = '', key_digest = ''] = match;
    const stored = this.ports.log.state.get(ANSWERS, answerKey(tenant_id, parseInt(part, 36), key_digest));
    return stored === undefined ? undefined : decodeAnswer(stored).answer;
  }

  /** What a commit has to write for an answer to be found again. */
  writes(tenant_id: string, answer: StoredAnswer, at: { key_digest: string; event_clock_ms: number }): StateWrite[] {
    const part = partAt(at.event_clock_ms);
    const value = encodeAnswer(answer);
    const writes: StateWrite[] = [{ store: ANSWERS, key: answerKey(tenant_id, part, at.key_digest), value }];
    if (this.#parts.get(tenant_id)?.has(part) !== true) {
      writes.push({ store: PARTS, key: `${tenant_id}/${part}`, value: encodeStored(null) });
    }
    return writes;
  }

  /** Called when {@link writes} became durable; true when a new part of the day has begun. */
  written(tenant_id: string, event_clock_ms: number): boolean {
    return this.opened({ tenant_id, part: partAt(event_clock_ms) });
  }

  /** Removes what is over, in small commits that payments hardly notice. */
  async forgetOld(tenant_id: string): Promise<void> {
    if (this.#forgetting.has(tenant_id)) return;
    this.#forgetting.add(tenant_id);
    try {
      for (const part of [...(this.#parts.get(tenant_id) ?? [])]) await this.#forgetPart(tenant_id, part);
    } finally {
      this.#forgetting.delete(tenant_id);
    }
  }

  async #forgetPart(tenant_id: string, part: number): Promise<void> {
    const { log, clocks } = this.ports;
    // Asked again before each slice: a source may have set its clock back.
    while (isOver(part, clocks.of(tenant_id).now_ms())) {
      const slice: StateWrite[] = [];
      for (const [key] of log.state.scan(ANSWERS, answerKey(tenant_id, part, ''))) {
        slice.push({ store: ANSWERS, key, value: null });
        if (slice.length === FORGET_SLICE) break;
      }
      if (slice.length > 0) {
        await log.commit({ state: slice });
        continue;
      }
      await log.commit({ state: [{ store: PARTS, key: `${tenant_id}/${part}`, value: null }] });
      this.#parts.get(tenant_id)?.delete(part);
      return;
    }
  }

  private opened({ tenant_id, part }: { tenant_id: string; part: number }): boolean {
    const parts = this.#parts.get(tenant_id) ?? new Set();
    if (parts.has(part)) return false;
    this.#parts.set(tenant_id, parts.add(part));
    return true;
  }
}

const partAt = (event_clock_ms: number): number => Math.floor(event_clock_ms / PART_MS);

const isOver = (part: number, now_ms: number): boolean => (part + 1) * PART_MS + KEEP_ANSWERS_MS <= now_ms;

const answerKey = (tenant_id: string, part: number, key_digest: string): string => `${tenant_id}/${part}/${key_digest}`;

function partOfKey(key: string): { tenant_id: string; part: number } {
  const [tenant_id = '', part = ''] = key.split('/');
  return { tenant_id, part: Number(part) };
}

function encodeAnswer({ fingerprint, answer }: StoredAnswer): Uint8Array {
  const bytes = Buffer.allocUnsafe(DIGEST_CHARS + answer.length);
  bytes.write(fingerprint, 'latin1');
  bytes.set(answer, DIGEST_CHARS);
  return withVersion(bytes);
}

function decodeAnswer(stored: Uint8Array): StoredAnswer {
  const bytes = withoutVersion(stored);
  return { fingerprint: text.decode(bytes.subarray(0, DIGEST_CHARS)), answer: bytes.slice(DIGEST_CHARS) };
}
