import { describeWithKafka } from '@nerveline/testing';
import { describeGroupContract } from './log-group-contract';
import { openLogPlaceOn, startBroker, START_TIMEOUT_MS, stopBroker } from './log-kafka-place';

describeWithKafka('groups on Apache Kafka', () => {
  beforeAll(() => startBroker(), START_TIMEOUT_MS);
  afterAll(stopBroker);

  describeGroupContract('kafkajs', openLogPlaceOn('kafkajs'));
  describeGroupContract('@platformatic/kafka', openLogPlaceOn('platformatic'));
});
