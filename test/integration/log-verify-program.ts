import { openLog } from '@nerveline/log';

/*
 * Opens the log of the service `writer` each time it is told to, and says `sound` or the code of the error:
 * `log-verify-program.ts DATA_DIRECTORY`.
 */
async function open(): Promise<string> {
  try {
    const log = await openLog({
      data_directory: process.argv[2] ?? '',
      service: 'writer',
      catalogue: [
        { name: 'single', partitions: 1, owner: 'writer', retention: { kind: 'age', retention_ms: 3_600_000 } },
      ],
    });
    await log.close();
    return 'sound';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

process.on('message', () => void open().then((verdict) => process.send?.(verdict)));
process.on('disconnect', () => process.exit(0));
