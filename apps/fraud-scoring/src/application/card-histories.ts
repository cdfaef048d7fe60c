import type { StateWrite } from '@nerveline/kernel';
import type { StateReader } from '@nerveline/log';
import type { CardHistory } from '../domain/card-history';
import { decodeStored, encodeStored } from './stored-value';

const STORE = 'card_histories';

/** A counted payment as it is kept: time, id, amount, and latitude and longitude where they are known. */
type StoredPayment = readonly [event_ms: number, payment_id: string, amount_base_minor: number, ...number[]];

/**
 * The histories of all cards lie in the service's environment and are loaded on demand; the last used ones stay in
 * memory, at most `max_cards`. What is here is durable: a history that a commit hasn't made durable yet isn't.
 */
export class CardHistories {
  /** In the order of use. */
  readonly #recent = new Map<string, CardHistory>();

  constructor(
    private readonly state: StateReader,
    private readonly max_cards: number,
  ) {}

  get cached(): number {
    return this.#recent.size;
  }

  load(card_key: string): CardHistory {
    const known = this.#recent.get(card_key);
    const history = known ?? decodeHistory(this.state.get(STORE, card_key));
    this.keep(card_key, history);
    return history;
  }

  /** Remembers what became durable. */
  keep(card_key: string, history: CardHistory): void {
    this.#recent.delete(card_key);
    this.#recent.set(card_key, history);
    if (this.#recent.size <= this.max_cards) return;
    const oldest = this.#recent.keys().next();
    if (oldest.done !== true) this.#recent.delete(oldest.value);
  }

  write(card_key: string, history: CardHistory): StateWrite {
    return { store: STORE, key: card_key, value: history.length === 0 ? null : encodeHistory(history) };
  }
}

function encodeHistory(history: CardHistory): Uint8Array {
  return encodeStored(
    history.map(({ event_ms, payment_id, amount_base_minor, location }): StoredPayment => {
      const place = location === null ? [] : [location.lat, location.lon];
      return [event_ms, payment_id, amount_base_minor, ...place];
    }),
  );
}

function decodeHistory(bytes: Uint8Array | undefined): CardHistory {
  if (bytes === undefined) return [];
  return decodeStored<StoredPayment[]>(bytes).map(([event_ms, payment_id, amount_base_minor, lat, lon]) => ({
    event_ms,
    payment_id,
    amount_base_minor,
    location: lat === undefined || lon === undefined ? null : { lat, lon },
  }));
}
