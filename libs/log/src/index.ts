export type { LogTopic } from './adapters/embedded/log-topic';
export { openLog, type OpenLogOptions } from './adapters/embedded/open-log';
export { consume } from './consumer/consume';
export { partitionFor } from './partitioner';
export type { Consumer, ConsumerOptions, Effects } from './ports/consumer';
export type {
  Log,
  LogRecord,
  Owner,
  PartitionRange,
  PartitionTail,
  ReadBatch,
  ReadRequest,
  StateReader,
  TopicDescription,
} from './ports/log';
