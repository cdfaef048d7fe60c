import { Injectable } from '@nestjs/common';

/** What a part of the service says of itself. */
export interface Check {
  readonly ready: boolean;
  /** One sentence for a person: what it waits for, what is wrong. */
  readonly detail?: string;
}

/** Is the service able to do its work? Parts register a check; the service is ready when all are. */
@Injectable()
export class Readiness {
  readonly #checks = new Map<string, () => Check>();
  readonly #facts = new Map<string, () => unknown>();
  readonly #draining = new AbortController();
  #standby = false;

  add(name: string, check: () => Check): void {
    this.#checks.set(name, check);
  }

  /** Something worth knowing beside readiness: the event clock, a metric version. */
  addFact(name: string, fact: () => unknown): void {
    this.#facts.set(name, fact);
  }

  /** Another instance works, and this one is there to take over: told beside what is missing. */
  standBy(on: boolean): void {
    this.#standby = on;
  }

  /** From now on not ready: the load balancer sends no more. */
  drain(): void {
    this.#draining.abort();
  }

  /** Aborts when the service is asked to stop: what still waits to begin gives up. */
  get draining(): AbortSignal {
    return this.#draining.signal;
  }

  report(): { ready: boolean; standby?: true; checks: Record<string, Check>; facts: Record<string, unknown> } {
    const checks = Object.fromEntries([...this.#checks].map(([name, check]) => [name, check()]));
    if (this.draining.aborted) checks['drain'] = { ready: false, detail: 'stopping' };
    const facts = Object.fromEntries([...this.#facts].map(([name, fact]) => [name, fact()]));
    const ready = Object.values(checks).every((check) => check.ready);
    return { ready, ...(this.#standby && { standby: true as const }), checks, facts };
  }
}
