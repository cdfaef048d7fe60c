import { ChangeRelay } from '@nerveline/cdc';
import type { OutRecord, RecordPosition } from '@nerveline/kernel';
import { openLog, partitionFor } from '@nerveline/log';
import { createDatabase, createTempDirectory, eventually, type TestDatabase } from '@nerveline/testing';
import { LogSink } from '../../../apps/cdc-relay/src/adapters/log-sink';
import { createLines, lines, PUBLICATION } from './source';

/** Sessions that commit side by side, so that the server's fsync isn't what limits. */
const SESSIONS = 8;
const TIME_LABEL = Buffer.from('"ts_us":');

/**
 * Single-row commits at a steady rate, each durable in the source; from the time that the source gives a commit to the
 * time when its record can be read in the embedded log. The rate is kept inside the server, open loop.
 */
export async function measureSteady(load: { rows_per_s: number; seconds: number }): Promise<Record<string, number>> {
  await using database = await createDatabase();
  await using directory = await createTempDirectory();
  await createLines(database);
  const log = await openLog({ data_directory: directory.path, service: 'cdc-relay' });
  const sink = new TimingSink(log);
  const relay = ChangeRelay.start({
    ...{ source_url: database.url, slot: new URL(database.url).pathname.slice(1), publication: PUBLICATION },
    tables: [lines],
    sink,
    partitionOf: partitionFor,
  });
  await eventually(() => relay.readiness.ready, { within_ms: 60_000 });
  const per_session = (load.rows_per_s * load.seconds) / SESSIONS;
  const begun_ms = performance.now();
  await Promise.all(
    Array.from({ length: SESSIONS }, (_, session) => write(database, { session, per_session, ...load })),
  );
  const took_s = (performance.now() - begun_ms) / 1_000;
  await eventually(() => sink.latencies_ms.length >= per_session * SESSIONS, { within_ms: 60_000 });
  await relay.stop();
  await log.close();
  const sorted = sink.latencies_ms.toSorted((a, b) => a - b);
  const percentile = (part: number) => Math.round((sorted[Math.floor(sorted.length * part)] ?? Number.NaN) * 100) / 100;
  return {
    embedded_p50_ms: percentile(0.5),
    embedded_p99_ms: percentile(0.99),
    steady_rows_per_s: Math.round((per_session * SESSIONS) / took_s),
  };
}

async function write(
  database: TestDatabase,
  load: { readonly session: number; readonly per_session: number; readonly rows_per_s: number },
): Promise<void> {
  const { session, per_session, rows_per_s } = load;
  const pause_s = SESSIONS / rows_per_s;
  const first = session * per_session;
  await database.query(`DO $$ DECLARE begun timestamptz := clock_timestamp(); due float8; BEGIN
    FOR n IN 0..${per_session - 1} LOOP
      INSERT INTO lines SELECT 'demo', ${first} + n, 'sku-' || n % 5000, 'loc-' || n % 9, 'receipt', n % 700, 3,
        n % 10000 / 100.0, 'channel-1', NULL, repeat('n', 90), '2026-01-02 03:04:05.678901+00'::timestamptz;
      COMMIT;
      due := n * ${pause_s} - extract(epoch FROM clock_timestamp() - begun);
      IF due > 0 THEN PERFORM pg_sleep(due); END IF;
    END LOOP; END $$`);
}

/** When a write is durable, all of its records can be read. */
class TimingSink extends LogSink {
  readonly latencies_ms: number[] = [];

  override async write(records: readonly OutRecord[]): Promise<readonly RecordPosition[]> {
    const positions = await super.write(records);
    const now_ms = performance.timeOrigin + performance.now();
    for (const { topic, value } of records) {
      if (topic !== lines.topic.name || value === null) continue;
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      const at = bytes.indexOf(TIME_LABEL) + TIME_LABEL.length;
      this.latencies_ms.push(now_ms - Number(bytes.toString('latin1', at, bytes.indexOf(',', at))) / 1_000);
    }
    return positions;
  }
}
