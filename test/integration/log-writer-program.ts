import { openLog } from '@nerveline/log';
import type { OutRecord } from '@nerveline/kernel';

/*
 * A writer in a process of its own: `log-writer-program.ts DATA_DIRECTORY OPTIONS`. Says `{ opened }`, then appends what it
 * is told to, one record for each `{ append: N }`, and says `{ durable }` for each.
 */
const [data_directory = '', take_over] = process.argv.slice(2);

const record = (i: number): OutRecord => ({
  topic: 'single',
  key: 'k',
  value: Buffer.from(`${i}`),
  timestamp_ms: Date.now(),
});

async function main(): Promise<void> {
  const log = await openLog({
    data_directory,
    service: 'writer',
    address: `test://writer/${process.pid}`,
    take_over: take_over === 'take_over',
    catalogue: [
      { name: 'single', partitions: 1, owner: 'writer', retention: { kind: 'age', retention_ms: 3_600_000 } },
    ],
  });
  process.send?.({ opened: true });
  process.on('message', (message: { append?: number; close?: true }) => {
    if (message.close) void log.close().then(() => process.exit(0));
    const { append } = message;
    if (append === undefined) return;
    log.append([record(append)]).then(
      ([position]) =>
        process.send?.({
          durable: append,
          offset: position?.offset,
          at_ms: performance.timeOrigin + performance.now(),
        }),
      (error: { code?: string; message: string }) => process.send?.({ failed: append, code: error.code }),
    );
  });
  process.on('disconnect', () => process.exit(0));
}

main().catch((error: { code?: string; message: string }) => {
  process.send?.({ refused: error.code, detail: error.message });
  process.exitCode = 1;
});
