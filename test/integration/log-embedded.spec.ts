import { offset } from '@nerveline/kernel';
import { openLog, type Log, type OpenLogOptions } from '@nerveline/log';
import { createTempDirectory } from '@nerveline/testing';
import { describeLogContract } from './log-contract';
import type { OpenLogPlace } from './log-contract-kit';

/** Moves each batch out of the environment as soon as another stands behind it. */
const ALL_IN_SEGMENTS = { segment_bytes: 1, housekeeping_interval_ms: 1 };

describeLogContract('embedded', openPlace({}));
describeLogContract('embedded, all in segments', openPlace(ALL_IN_SEGMENTS));

function openPlace(settings: Partial<OpenLogOptions>): OpenLogPlace {
  return async (catalogue) => {
    const directory = await createTempDirectory();
    const logs: Log[] = [];
    return {
      async open(service, options) {
        const address = `test://${service}`;
        const place = { data_directory: directory.path, service, address, catalogue };
        const log = await openLog({ ...place, ...settings, ...options });
        logs.push(log);
        return log;
      },
      async [Symbol.asyncDispose]() {
        for (const log of logs) await log.close();
        await directory[Symbol.asyncDispose]();
      },
    };
  };
}

describe('embedded log under pressure', () => {
  test('what waits to be made durable is bounded in bytes: more is refused for now, what was accepted is there', async () => {
    await using directory = await createTempDirectory();
    const log = await openLog({
      data_directory: directory.path,
      service: 'writer',
      max_pending_bytes: 10_000,
      catalogue: [{ name: 'single', partitions: 1, owner: 'writer', retention: { kind: 'compacted' } }],
    });
    const append = (i: number) =>
      log.append([{ topic: 'single', key: `${i}`, value: Buffer.alloc(900), timestamp_ms: i }]);
    const answers = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => append(i)));
    const accepted = answers.filter(({ status }) => status === 'fulfilled').length;
    const refusals = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
    expect(accepted).toBe(10);
    expect(refusals).toHaveLength(40);
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'NL-LOG-013', retriable: true });
    expect((await log.tail('single', 0)).next_offset).toBe(10);
    await append(51);
    await log.close();
  });

  test('appends of one moment share a transaction', async () => {
    await using directory = await createTempDirectory();
    const log = await openLog({
      data_directory: directory.path,
      service: 'writer',
      catalogue: [{ name: 'single', partitions: 1, owner: 'writer', retention: { kind: 'compacted' } }],
    });
    await Promise.all(
      Array.from({ length: 1_000 }, (_, i) =>
        log.append([{ topic: 'single', key: `${i}`, value: Buffer.from('x'), timestamp_ms: i }]),
      ),
    );
    // The log stamps a transaction with one time.
    const { records } = await log.read({ topic: 'single', partition: 0, from: offset(0) });
    expect(records).toHaveLength(1_000);
    expect(new Set(records.map(({ appended_ms }) => appended_ms)).size).toBe(1);
    await log.close();
  });
});
