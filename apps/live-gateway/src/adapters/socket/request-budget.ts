import { NervelineError, systemClock, type Clock } from '@nerveline/kernel';
import { isAck, refusal, type PushLimits, type PushSocket } from '@nerveline/push';

const EVENTS = new Set(['subscribe', 'unsubscribe', 'command', 'trace']);
/** A client that goes on asking although it is refused so often in a row is cut off. */
const REFUSALS_MAX = 20_000;

/** A bucket of requests that fills steadily. */
export class RequestBudget {
  #left: number;
  #filled_ms: number;

  constructor(
    private readonly limits: Pick<PushLimits, 'requests_per_s' | 'request_burst'>,
    private readonly clock: Clock = systemClock,
  ) {
    this.#left = limits.request_burst;
    this.#filled_ms = clock.now_ms();
  }

  /** Is there one left? */
  take(): boolean {
    const now_ms = this.clock.now_ms();
    const { requests_per_s, request_burst } = this.limits;
    const earned = (Math.max(0, now_ms - this.#filled_ms) * requests_per_s) / 1_000;
    this.#left = Math.min(request_burst, this.#left + earned);
    this.#filled_ms = now_ms;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

/** Answers unknown events and requests over the budget before any handler sees them. */
export function guardRequests(socket: PushSocket, limits: PushLimits): void {
  const budget = new RequestBudget(limits);
  let refused = 0;
  socket.use(([event, ...rest]: readonly unknown[], next) => {
    const error = check(event, budget);
    if (error === undefined) {
      refused = 0;
      next();
      return;
    }
    const ack = rest.at(-1);
    if (isAck(ack)) ack(refusal(error));
    refused += 1;
    if (refused > REFUSALS_MAX) socket.disconnect(true);
  });
}

function check(event: unknown, budget: RequestBudget): NervelineError | undefined {
  if (!budget.take()) return new NervelineError('NL-PSH-004', { detail: 'too many requests: slow down' });
  if (typeof event === 'string' && EVENTS.has(event)) return undefined;
  return new NervelineError('NL-PSH-008', { detail: 'there is no such event' });
}
