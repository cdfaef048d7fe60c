import { checkSettings } from './check-settings';
import { printSummary, say, sayAbout, step } from './console';
import { giveAccess } from './access/give-access';
import { type DataDirectory, explain, holdDataDirectory } from './data/data-directory';
import { choosePorts, claimPort } from './data/ports';
import { writeWhole } from './data/whole-file';
import type { HostSettings } from './host.config';
import { openCluster } from './postgres/create-cluster';
import { createDatabase, postgresProgram } from './postgres/embedded-postgres';
import { runOnce } from './run-once';
import { addressOf, isBuilt, programPath, serviceProgram, type ServiceSurroundings } from './service-program';
import { LogFile } from './supervisor/log-file';
import { endOrphans } from './supervisor/orphans';
import { ProcessRecord } from './supervisor/process-record';
import { type ProgramStatus, Supervisor } from './supervisor/supervisor';
import { POSTGRES_PORT, type Service } from './topology';

const READY_DEADLINE_MS = 60_000;
/** A little more than the services give themselves. */
const DRAIN_DEADLINE_MS = 12_000;

/** A platform that runs. */
export interface RunningHost {
  /** Stops everything in reverse order and lets go of the data directory. */
  stop(): Promise<void>;
  /** How each program is at the moment. */
  status(): readonly ProgramStatus[];
  /** Replaces the processes of these services, all when none is named. */
  replace(names?: readonly string[]): Promise<void>;
}

/**
 * Starts the platform and resolves when it is up. The signal breaks the start off.
 *
 * @throws NervelineError `NL-HST-...` when it can't be started; nothing is left running then
 */
export async function runHost(
  settings: HostSettings,
  services: readonly Service[],
  signal: AbortSignal,
): Promise<RunningHost> {
  const data = holdDataDirectory(settings.data_directory);
  try {
    const chosen = services.filter(({ name }) => wanted(name, settings));
    await clearTheGround(settings, data, chosen);
    return await runIn(data, { settings, chosen, signal });
  } catch (error) {
    data.release();
    throw explain(error, data.path);
  }
}

interface Run {
  readonly settings: HostSettings;
  readonly chosen: readonly Service[];
  readonly signal: AbortSignal;
}

async function runIn(data: DataDirectory, { settings, chosen, signal }: Run): Promise<RunningHost> {
  const begun_ms = Date.now();
  const supervisor = new Supervisor({
    record: new ProcessRecord(data.at('processes.json')),
    log_directory: data.at('logs'),
    environment: settings.environment,
    ready_deadline_ms: READY_DEADLINE_MS,
    drain_deadline_ms: DRAIN_DEADLINE_MS,
    say: sayAbout,
  });
  // Whatever is being waited for ends at once; the next step then finds the signal.
  const breakOff = () => void supervisor.stop();
  signal.addEventListener('abort', breakOff);
  try {
    signal.throwIfAborted();
    const ports = await portsFor(settings, data, chosen);
    await startAll({ settings, data, supervisor, chosen, ports, signal });
    signal.throwIfAborted();
    printSummary({
      programs: supervisor.status(),
      dashboard: chosen.some(({ name }) => name === 'live-gateway')
        ? addressOf(settings.host, ports['live-gateway'] ?? settings.dashboard_port)
        : undefined,
      kafka_brokers: settings.kafka_brokers,
      data_directory: data.path,
      demo_keys: settings.jwks === undefined,
      seconds: (Date.now() - begun_ms) / 1_000,
    });
  } catch (error) {
    await supervisor.stop();
    throw error;
  } finally {
    signal.removeEventListener('abort', breakOff);
  }
  return {
    stop: async () => {
      await supervisor.stop();
      data.release();
    },
    status: () => supervisor.status(),
    replace: (names = chosen.map(({ name }) => name)) => supervisor.replace(names),
  };
}

/** What an earlier run left behind goes first: it holds ports, files and the database. */
async function clearTheGround(
  settings: HostSettings,
  data: DataDirectory,
  services: readonly Service[],
): Promise<void> {
  const ended = await endOrphans(data.at('processes.json'), data.at('postgres'));
  if (ended.length > 0) say(`Ended what a killed run had left running: ${ended.join(', ')}`);
  const wanted_port = settings.only === undefined ? settings.dashboard_port : settings.only.port;
  if (wanted_port !== undefined) await claimPort(wanted_port, settings.host);
  await checkSettings(settings, data, services);
  // Behind everything that may refuse the start: a wrong word costs nobody their data.
  if (settings.reset) data.reset();
}

async function portsFor(settings: HostSettings, data: DataDirectory, services: readonly Service[]) {
  const usual = Object.fromEntries(services.map(({ name, port }) => [name, port]));
  const { only } = settings;
  if (only?.port !== undefined) return { [only.name]: only.port };
  if (only !== undefined) return choosePorts(data.at('ports.json'), usual);
  const ports = await choosePorts(data.at('ports.json'), { ...usual, postgres: POSTGRES_PORT });
  return { ...ports, 'live-gateway': settings.dashboard_port };
}

interface Start {
  readonly settings: HostSettings;
  readonly data: DataDirectory;
  readonly supervisor: Supervisor;
  readonly chosen: readonly Service[];
  readonly ports: Readonly<Record<string, number>>;
  readonly signal: AbortSignal;
}

async function startAll(start: Start): Promise<void> {
  const { settings, data, supervisor, chosen, ports, signal } = start;
  const log = new LogFile(data.at('logs', 'host.log'));
  try {
    const work = [startDatabase(start), giveAccess(settings, data.at('keys'), log)] as const;
    await allEnded(work);
    const [database_url, access] = await Promise.all(work);
    const common = { NERVELINE_DATA_DIR: data.path, DATABASE_URL: database_url, ...access, ...settings.recorded };
    signal.throwIfAborted();
    await migrate(start, { ...settings.environment, ...common }, log);
    signal.throwIfAborted();
    const { postgres: _, ...service_ports } = ports;
    const around: ServiceSurroundings = {
      programs: settings.programs,
      host: settings.host,
      ports: service_ports,
      settings: common,
    };
    await step('Starting the services', () => supervisor.start(chosen.map((one) => serviceProgram(one, around))));
  } finally {
    log.close();
  }
}

/** The database's URL, kept in a file too, for the command line tools. */
async function startDatabase({ settings, data, supervisor, ports, signal }: Start): Promise<string> {
  const port = ports['postgres'] ?? POSTGRES_PORT;
  const url =
    settings.database_url ??
    (await step('Starting PostgreSQL', async () => {
      const cluster = await openCluster(data.at('postgres'), data.at('postgres-password'));
      await supervisor.start([postgresProgram(cluster, port)]);
      signal.throwIfAborted();
      return createDatabase(cluster, port);
    }));
  writeWhole(data.at('database-url'), url, 0o600);
  return url;
}

async function migrate(
  { settings, chosen }: Start,
  environment: Readonly<Record<string, string | undefined>>,
  log: LogFile,
): Promise<void> {
  const tasks = chosen
    .filter(({ name }) => isBuilt(settings.programs, name, 'migrate'))
    .map(({ name }) => {
      const parameters = [programPath(settings.programs, name, 'migrate')];
      return runOnce({ name: `${name} migrate`, parameters, environment }, log);
    });
  if (tasks.length === 0) return;
  await step('Migrating the source tables', async () => {
    await allEnded(tasks);
    await Promise.all(tasks);
  });
}

/** Nothing runs on when something else has failed: the data directory may belong to the next run by then. */
const allEnded = (work: readonly Promise<unknown>[]) => Promise.allSettled(work);

function wanted(name: string, settings: HostSettings): boolean {
  if (settings.only !== undefined && settings.only.name !== name) return false;
  if (name === 'simulator' && !settings.simulator) return false;
  if (isBuilt(settings.programs, name)) return true;
  sayAbout(name, 'has no built program yet and is left out');
  return false;
}
