import { describeWithKafka } from '@nerveline/testing';
import { describeLogContract } from './log-contract';
import { openLogPlaceOn, startBroker, START_TIMEOUT_MS, stopBroker } from './log-kafka-place';

describeWithKafka('on Apache Kafka', () => {
  beforeAll(() => startBroker(), START_TIMEOUT_MS);
  afterAll(stopBroker);

  describeLogContract('kafkajs', openLogPlaceOn('kafkajs'), { writers: 'many' });
  describeLogContract('@platformatic/kafka', openLogPlaceOn('platformatic'), { writers: 'many' });
});
