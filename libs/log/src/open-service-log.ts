import { join } from 'node:path';
import type { NervelineError } from '@nerveline/kernel';
import type { LogTopic } from './adapters/embedded/log-topic';
import { openLog } from './adapters/embedded/open-log';
import type { BrokerState } from './adapters/kafka/cluster/connectivity';
import { openKafkaLog } from './adapters/kafka/open-kafka-log';
import type { KafkaSettingsInput } from './adapters/kafka/settings';
import type { Log } from './ports/log';

export interface ServiceLogOptions {
  readonly service: string;
  /** Undefined opens the embedded log in the data directory. */
  readonly kafka: KafkaSettingsInput | undefined;
  readonly data_directory: string;
  /** Where this service answers, for {@link Log.ownerOf}. */
  readonly address: string;
  /** Tells the instances of a service apart that share a data directory. */
  readonly instance: string | undefined;
  /**
   * How many instances work at a time where the log is on Kafka: `one`, and the others stand by, where the service keeps
   * state or memory for all keys; `all` where each works on its own.
   */
  readonly working: 'one' | 'all';
  /** The log takes no more from this process (`NL-LOG-016`, `NL-LOG-004`): it has to end. */
  readonly onBroken: (error: NervelineError) => void;
  readonly onConnection: (state: BrokerState) => void;
  readonly onStandby: () => void;
  readonly onOpen: () => void;
  /** Gives an opening up that still waits. */
  readonly stopping: AbortSignal;
  readonly max_record_bytes?: number;
  readonly max_pending_bytes?: number;
  /** Topics beside the platform's own. */
  readonly catalogue?: readonly LogTopic[];
}

/**
 * Opens the log of a service of the platform where its settings say: embedded, or on Kafka. The one place that knows both.
 *
 * @throws NervelineError whatever {@link openLog} or {@link openKafkaLog} raises, `NL-LOG-015` when `stopping` aborted
 */
export async function openServiceLog(options: ServiceLogOptions): Promise<Log> {
  const { service, kafka, data_directory, address, instance, working, onBroken, catalogue = [] } = options;
  const { max_record_bytes, max_pending_bytes } = options;
  const limits = {
    catalogue,
    ...(max_record_bytes !== undefined && { max_record_bytes }),
    ...(max_pending_bytes !== undefined && { max_pending_bytes }),
  };
  if (kafka === undefined) return openLog({ service, data_directory, address, onBroken, ...limits });
  const { onConnection, onStandby, onOpen, stopping } = options;
  const log = await openKafkaLog({
    ...kafka,
    ...limits,
    service,
    address,
    data_directory: instance === undefined ? data_directory : join(data_directory, 'instances', instance),
    stopping,
    onConnection,
    ...(working === 'one' && { alone: { onStandby, onLost: onBroken } }),
  });
  onOpen();
  return log;
}
