import { describeWithKafka, stopOwnPostgres } from '@nerveline/testing';
import { describeBlockedPayments } from '../guarantees/blocked-payment';
import { describeRelayCrashes } from '../guarantees/cdc-crash';
import { describeCommandsOnce } from '../guarantees/commands-once';
import { kafkaPlace } from '../guarantees/log-place';
import { broker, START_TIMEOUT_MS, startBroker, stopBroker } from './log-kafka-place';

describeWithKafka('what the embedded log promises, on Apache Kafka', () => {
  beforeAll(() => startBroker(), START_TIMEOUT_MS);
  afterAll(async () => {
    await stopBroker();
    await stopOwnPostgres();
  });

  describeRelayCrashes('', () => kafkaPlace(broker().broker));
  describeCommandsOnce('', () => kafkaPlace(broker().broker));
  describeBlockedPayments('', () => kafkaPlace(broker().broker));
});
