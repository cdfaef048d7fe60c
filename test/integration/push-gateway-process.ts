import { join } from 'node:path';
import { eventually, startProgram } from '@nerveline/testing';

const MAIN = join(__dirname, '../../apps/live-gateway/src/main.ts');

/** A gateway in a process of its own. */
export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  /** Kills it as a power cut does, and waits until it is gone. */
  kill(): Promise<void>;
  /** Resident memory now. */
  memory_bytes(): Promise<number>;
}

export async function startGatewayProcess(options: {
  readonly data_directory: string;
  readonly jwks: string;
  readonly port: number;
  readonly environment?: Readonly<Record<string, string>>;
}): Promise<GatewayProcess> {
  const url = `http://127.0.0.1:${options.port}`;
  const program = startProgram(MAIN, [], {
    environment: {
      NERVELINE_DATA_DIR: options.data_directory,
      NERVELINE_JWKS: options.jwks,
      PORT: String(options.port),
      LOG_LEVEL: 'fatal',
      ...options.environment,
    },
  });
  await eventually(async () => (await fetch(`${url}/health/ready`)).ok, {
    within_ms: 30_000,
    what: 'readiness of the gateway',
  });
  const measure = async (): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]);
  };
  return {
    url,
    kill: async () => {
      program.kill('SIGKILL');
      await program.ended;
    },
    memory_bytes: measure,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
