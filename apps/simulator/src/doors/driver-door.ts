import { setTimeout as wait } from 'node:timers/promises';
import {
  idempotencyKey,
  rerouteDecision,
  topics,
  vehiclePlan,
  type ClientToServerEvents,
  type PushFrame,
  type RerouteDecision,
  type ServerToClientEvents,
} from '@nerveline/contracts';
import { io, type Socket } from 'socket.io-client';
import type { Way } from '../world/driver';
import { toWay } from '../world/to-way';

/** A driver reads a proposal for this long before answering. */
const READING_MS = 4_000;
const ANSWER_DEADLINE_MS = 5_000;

export interface DriverEars {
  onPlan(vehicle_id: string, way: Way): void;
  /** Does the driver of this vehicle take what is proposed? */
  takes(decision: RerouteDecision): boolean;
}

/** The drivers' telephone: plans and proposals come in over the gateway's socket, answers go out over it. */
export class DriverDoor {
  readonly #socket: Socket<ServerToClientEvents, ClientToServerEvents>;

  constructor(gateway_url: string, token: string) {
    this.#socket = io(gateway_url, { auth: { token }, transports: ['websocket'], autoConnect: false });
  }

  /** Listens until {@link close}; a connection that was lost is taken up again by itself. */
  listen(ears: DriverEars): void {
    this.#socket.on('connect', () => {
      this.#socket.emit('subscribe', { stream: 'fleet.plans', from: null }, () => undefined);
      this.#socket.emit('subscribe', { stream: 'fleet.decisions', from: null }, () => undefined);
    });
    this.#socket.on('frame', (frame) => this.#take(frame, ears));
    this.#socket.connect();
  }

  close(): void {
    this.#socket.disconnect();
  }

  #take(frame: PushFrame, ears: DriverEars): void {
    for (const { topic, value } of frame.items) {
      if (value === null) continue;
      if (topic === topics.plans.name) {
        const plan = vehiclePlan.parse(value);
        ears.onPlan(plan.vehicle_id, toWay(plan));
      }
      // A snapshot's proposals are old: they were answered, or have run out.
      if (topic === topics.rerouteDecisions.name && frame.kind === 'delta')
        this.#consider(rerouteDecision.parse(value), ears);
    }
  }

  #consider(decision: RerouteDecision, ears: DriverEars): void {
    if (decision.outcome === 'proposed' && ears.takes(decision)) void this.#accept(decision);
  }

  async #accept({ proposal_id }: RerouteDecision): Promise<void> {
    await wait(READING_MS, undefined, { ref: false });
    this.#socket.timeout(ANSWER_DEADLINE_MS).emit(
      'command',
      {
        name: 'fleet.answer_proposal',
        idempotency_key: idempotencyKey.parse(`driver-${proposal_id}`),
        request: { proposal_id, answer: 'accepted' },
      },
      // An answer that doesn't come through leaves the proposal to the dispatcher, as with a dead telephone.
      () => undefined,
    );
  }
}
