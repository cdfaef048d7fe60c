import type { SourceFile } from './tidiness';

/** What the platform is said to stand on. One that only tests or types mention carries nothing. */
export const FOUNDATIONS = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/microservices',
  '@nestjs/platform-fastify',
  '@nestjs/platform-socket.io',
  '@nestjs/websockets',
  'kafkajs',
  'typeorm',
  'ioredis',
  '@turf/turf',
  'socket.io',
] as const;

const isProduction = (path: string): boolean =>
  /^(apps|libs)\/[^/]+\/src\/.*[.]tsx?$/.test(path) && !/[.]spec[.]tsx?$|^libs\/testing\//.test(path);

/** The static imports of a file as [what, from where], and what it loads while it runs. */
const STATIC = /^(?:import|export)\s+(?:([^'";]*?)\s+from\s+)?'([^']+)'/gm;
const LOADED = /\b(?:import|require)\(\s*'([^']+)'\s*\)/g;

/** `type X`, `{ type A, type B }`: gone when it is compiled. */
function isTypesOnly(clause: string | undefined): boolean {
  if (clause === undefined) return false;
  if (/^type\b/.test(clause)) return true;
  const names = /^\{([^}]*)\}$/.exec(clause.trim())?.[1];
  return names !== undefined && names.split(',').every((name) => /^\s*(type\s|$)/.test(name));
}

/** The files that load a package, or a part of it, when the platform runs. */
export function importersOf(name: string, files: readonly SourceFile[]): readonly string[] {
  const isIt = (from: string | undefined) => from === name || from?.startsWith(`${name}/`) === true;
  return files
    .filter(({ path }) => isProduction(path))
    .filter(
      ({ text }) =>
        [...text.matchAll(STATIC)].some(([, clause, from]) => isIt(from) && !isTypesOnly(clause)) ||
        [...text.matchAll(LOADED)].some(([, from]) => isIt(from)),
    )
    .map(({ path }) => path)
    .sort();
}
