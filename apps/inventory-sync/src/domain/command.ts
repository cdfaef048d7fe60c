import type { Principal } from '@nerveline/kernel';
import type {
  IdempotencyKey,
  ReservationAnswer,
  ReservationId,
  ReservationStatus,
  StockMovementAnswer,
} from '@nerveline/contracts';
import type { MoveRefusal, MovementRequested } from './move';
import type { SettleRefusal, Settlement } from './reservation';
import type { ReserveRequested } from './reserve';

/** Names a request across retries: the key, and a digest of what was asked under it. */
export interface RequestIdentity {
  readonly idempotency_key: IdempotencyKey;
  readonly request_hash: string;
}

/** Somebody wants to change the stock of their tenant. */
export type StockCommand = { readonly by: Principal } & (
  | { readonly kind: 'reserve'; readonly identity: RequestIdentity; readonly event: ReserveRequested }
  | {
      readonly kind: 'settle';
      readonly reservation_id: ReservationId;
      readonly settlement: Settlement;
      readonly event_ms: number;
      /** The event clock: what decides whether the hold is overdue, whatever the caller says the time is. */
      readonly clock_ms: number;
      /** What it comes from, where nobody asked for it; for the ledger. */
      readonly reason?: string | undefined;
    }
  | { readonly kind: 'move'; readonly identity: RequestIdentity; readonly event: MovementRequested }
);

export type Rejection =
  MoveRefusal | SettleRefusal | 'unknown_channel' | 'unknown_location' | 'unknown_reservation' | 'key_reused';

/** What is stored under an idempotency key, and given again for it. */
export type KeyedOutcome =
  | { readonly kind: 'reservation'; readonly answer: ReservationAnswer }
  | { readonly kind: 'movement'; readonly answer: StockMovementAnswer };

/** How a command ended. A rejected one has changed nothing, but that an overdue hold may have ended. */
export type Outcome =
  | KeyedOutcome
  | { readonly kind: 'status'; readonly answer: ReservationStatus }
  | { readonly kind: 'rejected'; readonly reason: Rejection };
