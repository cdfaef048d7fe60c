import { setTimeout as wait } from 'node:timers/promises';
import { NervelineError } from '@nerveline/kernel';
import { Pool } from 'undici';

/** How long a retry waits at first and at most. */
const RETRY_FIRST_MS = 50;
const RETRY_MOST_MS = 2_000;
/** Beyond this many answers on the way, calls wait for a place. */
const CONNECTIONS = 32;
const ANSWER_DEADLINE_MS = 10_000;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** One service's HTTP door. Calls carry a token and are idempotent by their body's key, so that they may be repeated. */
export class ServiceClient {
  readonly #pool: Pool;

  constructor(
    address: string,
    private readonly token: string,
    private readonly signal: AbortSignal,
  ) {
    this.#pool = new Pool(address, {
      connections: CONNECTIONS,
      headersTimeout: ANSWER_DEADLINE_MS,
      bodyTimeout: ANSWER_DEADLINE_MS,
    });
  }

  /**
   * Posts until the service answers with something other than a failure that may pass: a service that is being restarted
   * costs its callers time, never an event.
   *
   * @throws NervelineError `NL-API-008` when the simulator is stopped meanwhile
   */
  post(path: string, body: unknown): Promise<Answer> {
    return this.#untilAnswered('POST', path, JSON.stringify(body));
  }

  get(path: string): Promise<Answer> {
    return this.#untilAnswered('GET', path);
  }

  async #untilAnswered(method: 'GET' | 'POST', path: string, body?: string): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#once(method, path, body);
      if (answer !== undefined && answer.status < 500) return answer;
      if (this.signal.aborted) throw new NervelineError('NL-API-008', { detail: 'the simulator is stopping' });
      const most_ms = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** attempt);
      await wait(most_ms * (0.5 + Math.random() / 2), undefined, { ref: false });
    }
  }

  /** `undefined` when nothing answered: not there yet, being restarted, or cut off. */
  async #once(method: 'GET' | 'POST', path: string, body: string | undefined): Promise<Answer | undefined> {
    try {
      const answer = await this.#pool.request({
        method,
        path,
        headers: {
          authorization: `Bearer ${this.token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body }),
      });
      const text = await answer.body.text();
      return { status: answer.statusCode, body: text === '' ? undefined : JSON.parse(text) };
    } catch {
      return undefined;
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
