import { offset } from '@nerveline/kernel';
import { openLog, type Log } from '@nerveline/log';
import { catalogue, openLoop } from './bench-catalogue';
import { record } from './embedded-throughput';

/*
 * A process of the disturbance bench: `disturbance-program.ts DATA_DIRECTORY SERVICE`. `small-1` and `small-2` append a record
 * 200 times a second for as long as `{ write: COUNT }` says, and answer `{ took_ms }`. `catcher` reads the bench's topic from
 * its beginning, again and again, and writes what it read into a topic of its own, from `{ begin }` to `{ end }`.
 */
const PER_S = 200;

async function main([data_directory = '', service = '']: readonly string[]): Promise<void> {
  const log = await openLog({ data_directory, service, catalogue });
  let catching = false;
  process.on('message', (told: { readonly write?: number; readonly begin?: true; readonly end?: true }) => {
    if (told.write !== undefined) void write(log, service, told.write).then((took_ms) => process.send?.({ took_ms }));
    if (told.end) catching = false;
    if (told.begin) {
      catching = true;
      void catchUp(log, () => catching).then(() => process.send?.({ ended: true }));
    }
  });
  process.on('disconnect', () => void log.close().then(() => process.exit(0)));
  process.send?.({ ready: true });
}

async function write(log: Log, topic: string, count: number): Promise<number[]> {
  const took_ms: number[] = [];
  const writes: Promise<void>[] = [];
  await openLoop({ per_s: PER_S, count }, (due_ms, i) => {
    const append = log.append([record(i, topic)]);
    writes.push(append.then(() => void took_ms.push(performance.timeOrigin + performance.now() - due_ms)));
  });
  await Promise.all(writes);
  return took_ms;
}

async function catchUp(log: Log, goOn: () => boolean): Promise<void> {
  let from = offset(0);
  while (goOn()) {
    const batch = await log.read({ topic: 'bench', partition: 0, from, max_records: 2_000 });
    await log.append(
      batch.records.map(({ key, value, timestamp_ms }) => ({ topic: 'caught-up', key, value, timestamp_ms })),
    );
    from = batch.next_offset < batch.tail_offset ? batch.next_offset : offset(0);
  }
}

void main(process.argv.slice(2));
