import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { percentiles, round } from '../percentiles';
import { median } from './bench-catalogue';

const ROUNDS = 7;
const WRITES_PER_ROUND = 300;

/** The latency of two small writers, alone and while a third service catches up, in turns. Each has its own environment. */
export async function measureDisturbance(directory: string) {
  const start = async (service: string): Promise<ChildProcess> => {
    const child = fork(require.resolve('./disturbance-program'), [directory, service]);
    await once(child, 'message');
    return child;
  };
  const writers = [await start('small-1'), await start('small-2')];
  const catcher = await start('catcher');
  const p99 = async (): Promise<number> => {
    const took = await Promise.all(
      writers.map(async (writer) => {
        writer.send({ write: WRITES_PER_ROUND });
        const [{ took_ms }] = (await once(writer, 'message')) as [{ readonly took_ms: readonly number[] }];
        return took_ms;
      }),
    );
    return percentiles(took.flat(), [0.99])[0] ?? Number.NaN;
  };
  const rounds: { alone: number; disturbed: number }[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const alone = await p99();
    catcher.send({ begin: true });
    const disturbed = await p99();
    catcher.send({ end: true });
    await once(catcher, 'message');
    rounds.push({ alone, disturbed });
  }
  for (const child of [...writers, catcher]) {
    child.disconnect();
    await once(child, 'exit');
  }
  return {
    undisturbed_p99_ms: median(rounds.map(({ alone }) => alone)),
    disturbed_p99_ms: median(rounds.map(({ disturbed }) => disturbed)),
    disturbed_p99_ratio: round(median(rounds.map(({ alone, disturbed }) => disturbed / alone))),
  };
}
