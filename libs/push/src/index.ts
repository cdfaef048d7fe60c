export { PushClient, type PushClientOptions, type PushHandlers } from './client/push-client';
export { defaultPushLimits, type PushLimits } from './limits';
export type { RecordSource, SourceBatch, SourceRecord } from './ports/record-source';
export type { PushIo, PushSocket, PushSocketData } from './push-io';
export type { FeedBatch, LogFeed } from './server/log-feed';
export { parsePayload, isAck, refusal } from './server/payload';
export { PushHub, type PushHubOptions, type PushStats } from './server/push-hub';
export { PushRecord } from './server/push-record';
