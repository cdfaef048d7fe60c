import { Inject, Injectable } from '@nestjs/common';
import { flowSlot, type FlowSlot, type ServiceName } from '@nerveline/contracts';
import { isNervelineError } from '@nerveline/kernel';
import { z } from 'zod';
import type { ServiceLook } from '../../application/flow-monitor';
import type { ServiceState } from '../../domain/flow-picture';
import { ServiceAddresses } from './service-addresses';

/** How old an answer may be, and how long one may take. */
const LOOK_EVERY_MS = 2_000;
const ANSWER_DEADLINE_MS = 1_500;

const SERVICES: readonly ServiceName[] = ['cdc-relay', 'fraud-scoring', 'inventory-sync', 'gps-rerouting'];
const readiness = z.object({
  ready: z.boolean(),
  checks: z.record(z.string(), z.object({ ready: z.boolean(), detail: z.string().optional() })),
});
const slotsAnswer = z.object({ slots: z.array(flowSlot) });

interface Seen<T> {
  readonly value: T;
  readonly at_ms: number;
}

type Sight = { readonly state: ServiceState; readonly detail: string };

/** Looks at other services over HTTP, at most so often, and only when somebody asks. */
@Injectable()
export class ServiceWatch implements ServiceLook {
  readonly #sights = new Map<string, Seen<Sight>>();
  readonly #looking = new Set<string>();
  #slots: Seen<readonly FlowSlot[] | undefined> | undefined;

  constructor(@Inject(ServiceAddresses) private readonly addresses: ServiceAddresses) {}

  state(service: string): Sight {
    const name = SERVICES.find((known) => known === service);
    const seen = this.#sights.get(service);
    if (name !== undefined && isStale(seen)) {
      void this.#once(service, async () => {
        this.#sights.set(service, { value: await this.#lookAt(name), at_ms: Date.now() });
      });
    }
    return seen?.value ?? { state: 'unknown', detail: 'not looked at yet' };
  }

  slots(token: string): readonly FlowSlot[] | undefined {
    if (isStale(this.#slots)) {
      void this.#once('slots', async () => {
        this.#slots = { value: await this.#askSlots(token), at_ms: Date.now() };
      });
    }
    return this.#slots?.value;
  }

  async #once(what: string, look: () => Promise<void>): Promise<void> {
    if (this.#looking.has(what)) return;
    this.#looking.add(what);
    try {
      await look();
    } finally {
      this.#looking.delete(what);
    }
  }

  async #lookAt(service: ServiceName): Promise<Sight> {
    try {
      const address = await this.addresses.of(service, '');
      const response = await fetch(`${address}/health/ready`, { signal: AbortSignal.timeout(ANSWER_DEADLINE_MS) });
      const report = readiness.safeParse(await response.json());
      if (!report.success) return { state: 'unreachable', detail: 'its health report makes no sense' };
      if (report.data.ready) return { state: 'ready', detail: 'ready' };
      const waiting = Object.entries(report.data.checks).filter(([, check]) => !check.ready);
      return { state: 'not_ready', detail: waiting.map(([name, { detail }]) => detail ?? name).join('; ') };
    } catch (error) {
      if (isNervelineError(error)) return { state: 'stopped', detail: error.detail };
      return { state: 'unreachable', detail: 'it does not answer' };
    }
  }

  async #askSlots(token: string): Promise<readonly FlowSlot[] | undefined> {
    try {
      const address = await this.addresses.of('cdc-relay', '');
      const response = await fetch(`${address}/v1/slots`, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(ANSWER_DEADLINE_MS),
      });
      const answer = slotsAnswer.safeParse(await response.json());
      return answer.success ? answer.data.slots : undefined;
    } catch {
      return undefined;
    }
  }
}

const isStale = (seen: Seen<unknown> | undefined): boolean =>
  seen === undefined || Date.now() - seen.at_ms >= LOOK_EVERY_MS;
