export type { LogTopic } from './adapters/embedded/log-topic';
export { openLog, type OpenLogOptions } from './adapters/embedded/open-log';
export type { ReadWindow } from './adapters/embedded/read-windows';
export {
  verifyLog,
  type EnvironmentReport,
  type OffsetRange,
  type PartitionReport,
} from './adapters/embedded/verify-report';
export type { BrokerState } from './adapters/kafka/cluster/connectivity';
export { openKafkaLog, type OpenKafkaLogOptions } from './adapters/kafka/open-kafka-log';
export { LogBackup } from './backup/log-backup';
export { moveToKafka, type MovedService, type MovedTopic, type MoveOptions } from './move/move-to-kafka';
export { openServiceLog, type ServiceLogOptions } from './open-service-log';
export { planKafkaTopics, type PlannedTopic, type TopicPlanSettings } from './adapters/kafka/topic-plan';
export { describeDeadLetter, readDeadLetters } from './dlq/dead-letters';
export { consume } from './consumer/consume';
export { deadLettersController, type DeadLetterDesk, type DeadLetterRoutes } from './nest/dead-letters.controller';
export { LogClient, LogRequest, type EmittedRecord, type LogClientOptions } from './nest/log-client';
export { LogContext, LogRequestContext } from './nest/log-context';
export { LOG_TRANSPORT, LogTransport, type LogTransportOptions } from './nest/log-transport';
export type { RequestPattern, Sender } from './nest/request-pattern';
export { requestsController, type RequestRoutes } from './nest/requests.controller';
export type { EventTopic, StandardSchema } from './nest/topic-codec';
export { partitionFor } from './partitioner';
export type { Consumer, ConsumerOptions, Effects } from './ports/consumer';
export { AppliedOnce, createAppliedTable, type AppliedOnceOptions } from './processor/applied-once';
export { processor, startProcessor } from './processor/processor';
export type { Timers } from './processor/timers';
export type * from './processor/options';
export { heldFacts, type HeldFacts } from './processor/held-facts';
export type { GroupMember, JoinOptions } from './ports/group';
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
