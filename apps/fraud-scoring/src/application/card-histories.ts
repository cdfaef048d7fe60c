import type { CountedPaymentTuple } from '@nerveline/contracts';
import type { StateWrite } from '@nerveline/kernel';
import type { StateReader } from '@nerveline/log';
import type { CardHistory } from '../domain/card-history';
import { fromTuples, toTuples } from './decision-inputs';
import { decodeStored, encodeStored } from './stored-value';

const STORE = 'card_histories';

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
    const history = known ?? this.#read(card_key);
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
    return { store: STORE, key: card_key, value: history.length === 0 ? null : encodeStored(toTuples(history)) };
  }

  #read(card_key: string): CardHistory {
    const stored = this.state.get(STORE, card_key);
    return stored === undefined ? [] : fromTuples(decodeStored<CountedPaymentTuple[]>(stored));
  }
}
