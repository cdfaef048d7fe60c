import type { DescribingMessage } from './messages';
import type { RowMessage } from './row-message';

/** Takes whole transactions in the order of their commits: BEGIN, what they did, COMMIT. */
export interface MessageConsumer {
  handle(message: DescribingMessage): void;
  /** The row is valid during the call only. */
  row(row: RowMessage): void;
}
