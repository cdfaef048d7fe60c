import type { TakeCartEvent } from './take-cart-event';

/** Answers that are kept by idempotency key in PostgreSQL. */
export interface KeptAnswers {
  /** Forgets answers older than this, at most a thousand or so at once; gives how many. */
  forgetOlderThan(age_ms: number): Promise<number>;
}

const EVERY_MS = 3_600_000;

/** Keeps the answers by idempotency key from growing for ever: a retry comes within days or not at all. */
export class ForgetOldKeys {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(
    private readonly options: {
      readonly answers: KeptAnswers;
      readonly carts: TakeCartEvent;
      readonly retention_ms: number;
      readonly onError: (error: unknown) => void;
    },
  ) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.forget()
        .catch(this.options.onError)
        .finally(() => (this.#running = undefined));
    }, EVERY_MS);
  }

  async forget(): Promise<void> {
    const { answers, carts, retention_ms } = this.options;
    while (!this.#stopped && (await answers.forgetOlderThan(retention_ms)) > 0);
    while (!this.#stopped && (await carts.forgetOlderThan(retention_ms)) > 0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }
}
