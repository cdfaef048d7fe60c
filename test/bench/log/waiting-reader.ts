import { openLog, processor } from '@nerveline/log';
import { catalogue } from './bench-catalogue';

/*
 * The reader of the waiting bench, in a process of its own: `waiting-reader.ts DATA_DIRECTORY`. A processor over all
 * partitions of a topic, each of which waits by itself. Says `{ ready }`, and at `{ count }` how many records it has
 * handled and its processor time so far.
 */
async function main([data_directory = '']: readonly string[]): Promise<void> {
  let handled = 0;
  const log = await openLog({ data_directory, service: 'bench-reader', catalogue });
  const consumer = processor(log, {
    group: 'bench-reader.waiting',
    topics: ['many'],
    from: 'latest',
    failures: 'stop',
    commit_interval_ms: 1_000,
    handle: () => void (handled += 1),
  });
  await consumer.caughtUp();
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ handled, cpu_us: user + system });
  });
  process.on('disconnect', () => void consumer.stop().then(() => log.close()));
  process.send?.({ ready: true });
}

void main(process.argv.slice(2));
