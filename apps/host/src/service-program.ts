import { existsSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { ANSWER_DEADLINE_MS } from './supervisor/hang-watch';
import { toConsoleLine } from './supervisor/log-line';
import type { Look, Program } from './supervisor/program';
import type { Service } from './topology';

const LOOK_DEADLINE_MS = 2_000;

/** One connection for each service, kept open: a look every few seconds is to cost next to nothing. */
const looks = new Agent({ keepAlive: true, maxSockets: 1 });

/** What the services have in common in one run. */
export interface ServiceSurroundings {
  /** Where the built programs lie. */
  readonly programs: string;
  readonly host: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly settings: Readonly<Record<string, string>>;
}

/** Where an app's program lies. */
export const programPath = (programs: string, app: string, program = 'main'): string =>
  join(programs, app, 'src', `${program}.js`);

export const isBuilt = (programs: string, app: string, program = 'main'): boolean =>
  existsSync(programPath(programs, app, program));

/** A service as a program under supervision. */
export function serviceProgram(service: Service, around: ServiceSurroundings): Program {
  const port = around.ports[service.name] ?? service.port;
  const address = addressOf(around.host, port);
  return {
    name: service.name,
    needs: service.needs,
    command: process.execPath,
    parameters: [
      `--max-old-space-size=${service.heap_mb}`,
      // The young generation otherwise grows to 48 MB in each process before it is ever looked at.
      '--max-semi-space-size=4',
      programPath(around.programs, service.name),
    ],
    environment: {
      ...around.settings,
      ...urlsOf(around),
      HOST: around.host,
      PORT: String(port),
      ...service.settings,
    },
    account: {},
    stop_signal: 'SIGTERM',
    address,
    look: () => look(address),
    isAlive: () => answers(`${address}/health/live`),
    toConsoleLine,
    vital: false,
  };
}

/** `FRAUD_SCORING_URL` and the like: where each finds the others. */
function urlsOf({ ports, host }: ServiceSurroundings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(ports).map(([name, port]) => [
      `${name.toUpperCase().replaceAll('-', '_')}_URL`,
      addressOf(host, port),
    ]),
  );
}

/** How to reach from here what listens there. */
export function addressOf(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

async function look(address: string): Promise<Look> {
  try {
    const answer = await fetch(`${address}/health/ready`, {
      signal: AbortSignal.timeout(LOOK_DEADLINE_MS),
    });
    const text = await answer.text();
    if (answer.ok) return 'ready';
    return (JSON.parse(text) as { standby?: unknown }).standby === true ? 'standing by' : 'not ready';
  } catch {
    return 'not ready';
  }
}

/** Does anything answer there in time? What it says doesn't matter: only a program that runs can say it. */
function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: looks, signal: AbortSignal.timeout(ANSWER_DEADLINE_MS) }, (answer) => {
      answer.once('end', () => resolve(true)).resume();
    });
    request.once('error', () => undefined);
    // Comes last, also when the answer breaks off in the middle.
    request.once('close', () => resolve(false));
  });
}
