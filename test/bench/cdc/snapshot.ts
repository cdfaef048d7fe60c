import { ChangeRelay } from '@nerveline/cdc';
import { openLog, partitionFor } from '@nerveline/log';
import { createDatabase, createTempDirectory } from '@nerveline/testing';
import { LogSink } from '../../../apps/cdc-relay/src/adapters/log-sink';
import { createLines, insertLines, lines, PUBLICATION } from './source';

/** A table that is there before the relay, until its last row is durable in the embedded log. */
export async function measureSnapshot(rows: number): Promise<Record<string, number>> {
  await using database = await createDatabase();
  await using directory = await createTempDirectory();
  await createLines(database);
  await insertLines(database, { from: 0, count: rows, per_transaction: 10_000 });
  const log = await openLog({ data_directory: directory.path, service: 'cdc-relay' });
  let onFinished: () => void = () => {};
  const finished = new Promise<void>((resolve) => (onFinished = resolve));
  const begun_ms = performance.now();
  const relay = ChangeRelay.start({
    ...{ source_url: database.url, slot: new URL(database.url).pathname.slice(1), publication: PUBLICATION },
    tables: [lines],
    sink: new LogSink(log),
    partitionOf: partitionFor,
    onEvent: ({ kind }) => kind === 'snapshot_finished' && onFinished(),
  });
  await Promise.race([relay.done, finished]);
  const took_s = (performance.now() - begun_ms) / 1_000;
  await relay.stop();
  await log.close();
  return { snapshot_rows_per_s: Math.round(rows / took_s) };
}
