import { describeWithKafka, stopOwnPostgres } from '@nerveline/testing';
import { describeBlockedPayments } from '../guarantees/blocked-payment';
import { describeRelayCrashes, relayFaults } from '../guarantees/cdc-crash';
import { describeCommandsOnce } from '../guarantees/commands-once';
import { kafkaPlace } from '../guarantees/log-place';
import { describeProcessorCrashes } from '../guarantees/processor-crash';
import { broker, START_TIMEOUT_MS, startBroker, stopBroker } from './log-kafka-place';

describeWithKafka('what the embedded log promises, on Apache Kafka', () => {
  beforeAll(() => startBroker(), START_TIMEOUT_MS);
  afterAll(async () => {
    await stopBroker();
    await stopOwnPostgres();
  });

  const openPlace = () => kafkaPlace(broker().broker);
  // A slice, unless there is time for all.
  const faults = relayFaults.filter((_, i) => i % 2 === 1 || process.env['NERVELINE_LONG'] === '1');
  describeRelayCrashes(openPlace, faults);
  describeProcessorCrashes(openPlace, 1);
  describeCommandsOnce('', openPlace);
  describeBlockedPayments('', openPlace);
});
