import { openLog, processor } from '@nerveline/log';
import { connect } from 'node:net';
import { openBare } from './bare-lmdb';
import { catalogue, preciseNowMs } from './bench-catalogue';

/*
 * The reader of the delivery bench, in a process of its own: `delivery-reader.ts DATA_DIRECTORY BARE_DIRECTORY SOCKET`. Reads
 * the log through a processor, and the bare environment at each byte of the socket. Says `{ ready }`, and `{ seen_ms }`,
 * in the order of the records, once it has seen as many as it was told to expect.
 */
async function main([data_directory = '', bare_directory = '', socket_path = '']: readonly string[]): Promise<void> {
  let seen_ms: number[] = [];
  let expected = Infinity;
  const see = (count: number): void => {
    const now_ms = preciseNowMs();
    for (let i = 0; i < count; i += 1) seen_ms.push(now_ms);
    report();
  };
  const report = (): void => {
    if (seen_ms.length < expected) return;
    process.send?.({ seen_ms });
    seen_ms = [];
    expected = Infinity;
  };
  const log = await openLog({ data_directory, service: 'bench-reader', catalogue });
  const consumer = processor(log, {
    group: 'bench-reader.delivery',
    topics: ['bench'],
    from: 'latest',
    failures: 'stop',
    handle: () => see(1),
  });
  await consumer.caughtUp();
  const bare = openBare(bare_directory, true);
  let next_key = 1;
  const doorbell = connect(socket_path).on('data', () => {
    bare.resetReadTxn();
    const first = next_key;
    while (bare.get(next_key) !== undefined) next_key += 1;
    see(next_key - first);
  });
  process.on('message', (told: { readonly expect: number }) => {
    expected = told.expect;
    report();
  });
  process.on('disconnect', () => {
    doorbell.destroy();
    void consumer.stop().then(() => log.close());
  });
  process.send?.({ ready: true });
}

void main(process.argv.slice(2));
