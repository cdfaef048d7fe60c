export type { Consumer, ConsumerOptions, Effects } from './ports/consumer';
export type {
  Log,
  LogRecord,
  Owner,
  PartitionTail,
  ReadBatch,
  ReadRequest,
  StateReader,
  TopicDescription,
} from './ports/log';
