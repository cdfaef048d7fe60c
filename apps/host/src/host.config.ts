import { resolve } from 'node:path';
import { NervelineError } from '@nerveline/kernel';
import { topology } from './topology';

/** What the launcher read from the command line; it has checked the forms. */
export interface LaunchOptions {
  readonly root: string;
  readonly reset: boolean;
  readonly simulator: boolean;
  /** Of the dashboard; undefined with `only` is the app's usual one. */
  readonly port: number | undefined;
  /** The one app that runs here. */
  readonly only: string | undefined;
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
  /** The one app that runs here, among others elsewhere; `port` is free to be chosen when undefined. */
  readonly only: { readonly name: string; readonly port: number | undefined } | undefined;
  /** A database of one's own; undefined starts the embedded one. */
  readonly database_url: string | undefined;
  /** The brokers that hold the log; undefined where it is embedded. */
  readonly kafka_brokers: string | undefined;
  /** Keys of one's own; undefined makes those of a demo. */
  readonly jwks: string | undefined;
  readonly recorded: Readonly<Record<string, string>>;
  /** What every program inherits. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

const DASHBOARD_PORT = 4_000;

/** What the apps of several hosts have in common. */
const SHARED = ['KAFKA_BROKERS', 'DATABASE_URL', 'NERVELINE_JWKS'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** A variable that is set to nothing counts as one that isn't set. */
const given = (environment: Environment, name: string): string | undefined => environment[name] || undefined;

function onlyApp(name: string, port: number | undefined, environment: Environment): HostSettings['only'] {
  if (!topology.some((service) => service.name === name)) {
    const names = topology.map((service) => service.name).join(', ');
    throw new NervelineError('NL-HST-002', { detail: `--only knows ${names}, and not ${name}` });
  }
  const missing = SHARED.filter((shared) => given(environment, shared) === undefined);
  if (missing.length === 0) return { name, port };
  throw new NervelineError('NL-HST-015', { detail: `--only ${name} lacks ${missing.join(', ')}` });
}

/**
 * @throws NervelineError `NL-HST-002` no such app, `NL-HST-008` when strangers could reach a platform that runs on a demo's
 *   keys, `NL-HST-015` one app alone
 */
export function readHostSettings(options: LaunchOptions): HostSettings {
  const environment = process.env;
  const host = environment['HOST'] ?? '127.0.0.1';
  const jwks = given(environment, 'NERVELINE_JWKS');
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
    dashboard_port: options.port ?? DASHBOARD_PORT,
    only: options.only === undefined ? undefined : onlyApp(options.only, options.port, environment),
    database_url: given(environment, 'DATABASE_URL'),
    kafka_brokers: given(environment, 'KAFKA_BROKERS'),
    jwks,
    recorded: options.recorded,
    environment,
  });
}
