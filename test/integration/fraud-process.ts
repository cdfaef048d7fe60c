import { join } from 'node:path';
import { eventually, freePort, startProgram, type TestKeys } from '@nerveline/testing';

const PROGRAM = join(__dirname, 'programs/fraud-program.ts');

/** The service as the process that it is in production; killed when the test ends. */
export interface FraudProcess extends AsyncDisposable {
  readonly address: string;
  /** Kills it as a power cut does, and waits until it is gone. */
  kill(): Promise<void>;
  /** Resolves when it has ended, by itself or not. */
  readonly ended: Promise<unknown>;
  post(body: object): Promise<{ readonly status: number; readonly text: string }>;
}

export async function startFraudProcess(options: {
  readonly data_directory: string;
  readonly keys: TestKeys;
  readonly under?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}): Promise<FraudProcess> {
  const port = await freePort();
  const { under = [], keys, data_directory } = options;
  const program = startProgram(PROGRAM, [], {
    under,
    environment: {
      NERVELINE_DATA_DIR: data_directory,
      NERVELINE_JWKS: keys.jwks,
      PORT: String(port),
      LOG_LEVEL: 'fatal',
      ...options.environment,
    },
  });
  const { pid } = (await program.next()) as { pid: number };
  let gone = false;
  void program.ended.then(() => (gone = true));
  const kill = async () => {
    if (!gone) process.kill(pid, 'SIGKILL');
    await program.ended;
  };
  const address = `http://127.0.0.1:${port}`;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${await keys.token()}` };
  await eventually(async () => (await fetch(`${address}/health/ready`)).ok, {
    within_ms: 30_000,
    what: 'readiness of fraud scoring',
  }).catch(async (error: unknown) => {
    await kill();
    throw error;
  });
  return {
    address,
    kill,
    ended: program.ended,
    post: async (body) => {
      const answer = await fetch(`${address}/v1/payments/decisions`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers,
      });
      return { status: answer.status, text: await answer.text() };
    },
    [Symbol.asyncDispose]: kill,
  };
}
