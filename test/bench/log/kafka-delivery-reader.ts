import { openKafkaLog, processor } from '@nerveline/log';
import { preciseNowMs } from './bench-catalogue';
import { catalogue, failures } from './kafka-catalogue';

/*
 * The reader of the delivery bench on Kafka, in a process of its own: `kafka-delivery-reader.ts BROKER DIRECTORY`. Handles the
 * records through a processor. Says `{ ready }`, and `{ seen }` once it has handled as many as it was told to expect: the
 * number in each record, and when its handler was called.
 */
async function main([broker = '', data_directory = '']: readonly string[]): Promise<void> {
  const seen: (readonly [number: number, at_ms: number])[] = [];
  let expected = Infinity;
  const report = (): void => {
    if (seen.length >= expected) process.send?.({ seen });
  };
  const log = await openKafkaLog({ brokers: [broker], service: 'bench-reader', data_directory, catalogue });
  const consumer = processor(log, {
    group: 'bench-reader.delivery',
    topics: ['deliveries'],
    from: 'earliest',
    failures,
    handle({ value }) {
      seen.push([Number(Buffer.from(value ?? []).toString()), preciseNowMs()]);
      report();
    },
  });
  await consumer.caughtUp();
  process.on('message', (told: { readonly expect: number }) => {
    expected = told.expect;
    report();
  });
  process.on('disconnect', () => void consumer.stop().then(() => log.close()));
  process.send?.({ ready: true });
}

void main(process.argv.slice(2));
