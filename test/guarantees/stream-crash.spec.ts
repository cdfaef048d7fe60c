import { openLog } from '@nerveline/log';
import { createTempDirectory, eventually, startProgram } from '@nerveline/testing';
import { catalogue, outputsOf, recordOf, salesOf, sums, undisturbed } from '../integration/stream-log-program';

const long = process.env['NERVELINE_LONG'] === '1';
const seed = Number(process.env['NERVELINE_SEED'] ?? 1);
const RUNS = long ? 10 : 1;
const KILLS = 3;
const SALES = 600;

jest.setTimeout(long ? 1_800_000 : 120_000);

const program = require.resolve('../integration/stream-log-program');

test(`a topology that is killed with -9 ${RUNS * KILLS} times gives what one gives that nobody disturbs`, async () => {
  for (let run = 0; run < RUNS; run += 1) {
    await using directory = await createTempDirectory();
    const partitions = salesOf(seed + run, SALES);
    const wanted = undisturbed(partitions);
    const writer = await openLog({ data_directory: directory.path, service: 'stream-writer', catalogue });
    const given = async () => (await writer.tail(sums.name, 0)).next_offset;
    try {
      await writer.append(partitions.flatMap((values, at) => values.map((value) => recordOf(value, at))));
      for (let kill = 1; kill <= KILLS; kill += 1) {
        await using killed = startProgram(program, [directory.path]);
        // Somewhere in the middle: commits go on while this looks.
        const enough = Math.floor((wanted.length * kill) / (KILLS + 2));
        await eventually(async () => (await given()) >= enough, { within_ms: 60_000 });
        killed.kill('SIGKILL');
        await killed.ended;
        expect(await given()).toBeLessThan(wanted.length);
      }
      await using last = startProgram(program, [directory.path]);
      await eventually(() => last.messages.length > 0, { within_ms: 60_000 });
      expect(await outputsOf(writer)).toEqual(wanted);
    } finally {
      await writer.close();
    }
  }
});
