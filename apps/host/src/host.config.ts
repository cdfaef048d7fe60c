import { resolve } from 'node:path';
import { NervelineError } from '@nerveline/kernel';

/** What the launcher read from the command line; it has checked the forms. */
export interface LaunchOptions {
  readonly root: string;
  readonly reset: boolean;
  readonly simulator: boolean;
  readonly port: number;
  readonly data: string | undefined;
  /** Settings of services that the command line gave, by their names in the environment. */
  readonly recorded: Readonly<Record<string, string>>;
}

/** The host's settings, frozen. */
export interface HostSettings {
  readonly root: string;
  /** Where the built programs lie. */
  readonly programs: string;
  readonly data_directory: string;
  readonly reset: boolean;
  readonly simulator: boolean;
  readonly host: string;
  readonly dashboard_port: number;
  /** A database of one's own; undefined starts the embedded one. */
  readonly database_url: string | undefined;
  /** Keys of one's own; undefined makes those of a demo. */
  readonly jwks: string | undefined;
  readonly recorded: Readonly<Record<string, string>>;
  /** What every program inherits. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/**
 * @throws NervelineError `NL-HST-008` when strangers could reach a platform that runs on a demo's keys
 */
export function readHostSettings(options: LaunchOptions): HostSettings {
  const environment = process.env;
  const host = environment['HOST'] ?? '127.0.0.1';
  const jwks = environment['NERVELINE_JWKS'];
  if (!LOOPBACK.includes(host) && jwks === undefined) {
    throw new NervelineError('NL-HST-008', {
      detail: `HOST=${host} opens the platform to other machines, which needs keys of your own: set NERVELINE_JWKS`,
    });
  }
  return Object.freeze({
    root: options.root,
    programs: resolve(options.root, 'dist/apps'),
    data_directory: resolve(options.data ?? environment['NERVELINE_DATA_DIR'] ?? resolve(options.root, 'data')),
    reset: options.reset,
    simulator: options.simulator,
    host,
    dashboard_port: options.port,
    database_url: environment['DATABASE_URL'],
    jwks,
    recorded: options.recorded,
    environment,
  });
}
