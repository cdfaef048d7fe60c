import { extname, join } from 'node:path';
import { eventually, freePort, startProgram, type TestKeys } from '@nerveline/testing';
import { openLog } from '@nerveline/log';
import { SMALL_CITY } from './fleet-context';
import { enrol, untilKnown } from './fleet-rows';

/** Compiled programs lie in a tree like that of the sources. */
const MAIN = join(__dirname, `../../apps/gps-rerouting/src/main${extname(__filename)}`);

/** The status of a request whose connection broke: nobody knows whether it was taken. */
export const NO_ANSWER = 0;

/** The service as the process that it is in production; killed when the test ends. */
export interface FleetProcess extends AsyncDisposable {
  readonly pid: number | undefined;
  readonly address: string;
  /** Kills it as a power cut does, and waits until it is gone. */
  kill(): Promise<void>;
  post(path: string, body: object): Promise<{ readonly status: number; readonly body: unknown }>;
}

export async function startFleetProcess(options: {
  readonly data_directory: string;
  readonly keys: Pick<TestKeys, 'jwks' | 'token'>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Put into the table before it starts. */
  readonly vehicles?: readonly string[];
}): Promise<FleetProcess> {
  const { vehicles } = options;
  if (vehicles !== undefined) await enrolIn(options.data_directory, vehicles);
  const port = await freePort();
  const program = startProgram(MAIN, [], {
    environment: {
      NERVELINE_DATA_DIR: options.data_directory,
      NERVELINE_JWKS: options.keys.jwks,
      PORT: String(port),
      LOG_LEVEL: 'fatal',
      ...SMALL_CITY,
      ...options.environment,
    },
  });
  const address = `http://127.0.0.1:${port}`;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${await options.keys.token()}` };
  await eventually(async () => (await fetch(`${address}/health/ready`)).ok, {
    within_ms: 30_000,
    what: 'readiness of gps-rerouting',
  });
  if (vehicles !== undefined) await untilKnown(address, vehicles.length);
  return {
    pid: program.pid,
    address,
    kill: async () => {
      program.kill('SIGKILL');
      await program.ended;
    },
    post: async (path, body) => {
      try {
        const answer = await fetch(`${address}${path}`, { method: 'POST', body: JSON.stringify(body), headers });
        return { status: answer.status, body: await answer.json() };
      } catch {
        return { status: NO_ANSWER, body: null };
      }
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

async function enrolIn(data_directory: string, vehicle_ids: readonly string[]): Promise<void> {
  const log = await openLog({ service: 'cdc-relay', data_directory });
  try {
    await enrol(log, vehicle_ids);
  } finally {
    await log.close();
  }
}
