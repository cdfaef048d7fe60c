/** Payments of one card that are decided together and made durable in one commit. */
const MAX_TOGETHER = 256;

/**
 * One batch of a card at a time, the cards beside each other: what comes while a batch of its card is under way waits
 * behind it, and goes together.
 */
export class CardLanes<Item> {
  /** Cards with a batch under way, and what waits behind it. */
  readonly #waiting = new Map<string, Item[]>();

  /** `work` never rejects: a lane has nobody to tell. */
  constructor(private readonly work: (card_key: string, batch: readonly Item[]) => Promise<void>) {}

  enter(card_key: string, item: Item): void {
    const lane = this.#waiting.get(card_key);
    if (lane !== undefined) {
      lane.push(item);
      return;
    }
    this.#waiting.set(card_key, []);
    void this.#run(card_key, [item]);
  }

  async #run(card_key: string, first: readonly Item[]): Promise<void> {
    for (let batch = first; batch.length > 0; batch = this.#waiting.get(card_key)?.splice(0, MAX_TOGETHER) ?? []) {
      await this.work(card_key, batch);
    }
    this.#waiting.delete(card_key);
  }
}
