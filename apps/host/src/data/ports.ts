import { createServer } from 'node:net';
import { NervelineError } from '@nerveline/kernel';
import { z } from 'zod';
import { readIfThere, writeWhole } from './whole-file';

const remembered = z.record(z.string(), z.int().min(1).max(65_535));

/**
 * Gives each program a port of its own: the one of the last run where it is free, so that addresses last, then the
 * usual one, then any.
 */
export async function choosePorts(
  path: string,
  usual: Readonly<Record<string, number>>,
): Promise<Record<string, number>> {
  const text = readIfThere(path);
  const last = text === undefined ? {} : (remembered.safeParse(JSON.parse(text)).data ?? {});
  const chosen: Record<string, number> = {};
  for (const [name, preferred] of Object.entries(usual)) {
    const taken = new Set(Object.values(chosen));
    const wanted = [last[name], preferred].filter((port) => port !== undefined && !taken.has(port));
    chosen[name] = await firstFree(wanted);
  }
  writeWhole(path, JSON.stringify(chosen));
  return chosen;
}

/**
 * Makes sure that the pages' port can be had before anything is started.
 *
 * @throws NervelineError `NL-HST-005`
 */
export async function claimPort(port: number, host: string): Promise<void> {
  if ((await tryPort(port, host)) !== undefined) return;
  throw new NervelineError('NL-HST-005', {
    detail: `port ${port} is taken by another program: stop it, or choose another port with --port N`,
  });
}

async function firstFree(ports: readonly (number | undefined)[]): Promise<number> {
  for (const port of ports) {
    const free = await tryPort(port ?? 0, '127.0.0.1');
    if (free !== undefined) return free;
  }
  const any = await tryPort(0, '127.0.0.1');
  if (any === undefined) throw new NervelineError('NL-HST-005', { detail: 'there is no free port on 127.0.0.1' });
  return any;
}

/** The port that could be bound; undefined when it is taken. */
function tryPort(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}
