import { isNervelineError } from '@nerveline/kernel';
import { say } from './console';
import { type LaunchOptions, readHostSettings } from './host.config';
import { type RunningHost, runHost } from './run-host';
import { topology } from './topology';

/** A second Ctrl-C that comes this much later means: now. One press often arrives twice, from the terminal and from npm. */
const IMPATIENCE_MS = 1_500;

/** Runs the platform until a signal stops it; resolves with the exit code. */
export async function main(options: LaunchOptions, onUp?: (host: RunningHost) => void): Promise<number> {
  const stop = new AbortController();
  const stopped = untilSignal().then(() => {
    say('Stopping ...');
    stop.abort();
  });
  try {
    const host = await runHost(readHostSettings(options), topology, stop.signal);
    onUp?.(host);
    await stopped;
    await host.stop();
  } catch (error) {
    if (!stop.signal.aborted) return explainFailure(error);
  }
  say('Everything has stopped.');
  return 0;
}

function explainFailure(error: unknown): number {
  if (!isNervelineError(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  return 1;
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let first_ms: number | undefined;
    const onSignal = () => {
      first_ms ??= Date.now();
      resolve();
      if (Date.now() - first_ms > IMPATIENCE_MS) say('Still stopping: what is in flight is being finished.');
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
    process.on('SIGHUP', onSignal);
  });
}
