import { openLog } from '@nerveline/log';
import { catalogue } from './log-durability-program';

/*
 * A writer that runs on a disk that fails: `log-fault-program.ts DATA_DIRECTORY`. For each `{ append: ID }` it commits
 * one record for each partition and one entry of state, and says `{ id }`, with `code` when that failed.
 */
async function main(): Promise<void> {
  // It stays, so that the test sees what it answers afterwards.
  const onBroken = (): void => undefined;
  const log = await openLog({ data_directory: process.argv[2] ?? '', service: 'writer', catalogue, onBroken });
  process.send?.({ opened: true });
  process.on('message', (message: { append?: number; close?: true }) => {
    if (message.close) void log.close().then(() => process.exit(0));
    const { append: id } = message;
    if (id === undefined) return;
    const value = Buffer.from(`${id}`);
    const appends = [0, 1, 2].map((partition) => ({ topic: 'input', partition, key: 'k', value, timestamp_ms: id }));
    log.commit({ appends, state: [{ store: 'ids', key: `${id}`, value }] }).then(
      () => process.send?.({ id }),
      (error: { code?: string; message: string }) => process.send?.({ id, code: error.code ?? error.message }),
    );
  });
  process.on('disconnect', () => process.exit(0));
}

void main();
