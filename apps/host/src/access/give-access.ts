import { join } from 'node:path';
import type { HostSettings } from '../host.config';
import { runOnce } from '../run-once';
import { programPath } from '../service-program';
import type { LogFile } from '../supervisor/log-file';
import { OPERATOR_TOKEN, PUBLIC_KEYS, SERVICE_TOKEN } from './access-files';

/** The settings by which services trust keys and get tokens. With keys of one's own, tokens are one's own affair as well. */
export async function giveAccess(
  settings: HostSettings,
  directory: string,
  log: LogFile,
): Promise<Record<string, string>> {
  if (settings.jwks !== undefined) return { NERVELINE_JWKS: settings.jwks };
  const program = programPath(settings.programs, 'host', join('access', 'prepare-access'));
  await runOnce({ name: 'keys', parameters: [program, directory], environment: settings.environment }, log);
  return {
    NERVELINE_JWKS: join(directory, PUBLIC_KEYS),
    NERVELINE_OPERATOR_TOKEN_FILE: join(directory, OPERATOR_TOKEN),
    NERVELINE_TOKEN_FILE: join(directory, SERVICE_TOKEN),
  };
}
