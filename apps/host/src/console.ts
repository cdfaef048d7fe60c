import { isAbsolute, join, relative } from 'node:path';
import type { ProgramStatus } from './supervisor/supervisor';

const NAME_WIDTH = 15;

/** Everything that the host tells people goes to stderr but the table, which is the answer to `npm start`. */
export const sayAbout = (name: string, line: string): void => {
  process.stderr.write(`  ${name.padEnd(NAME_WIDTH)} ${line}\n`);
};

export const say = (line: string): void => {
  process.stderr.write(`  ${line}\n`);
};

/** A progress line for a step that may take long. */
export async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  const begun_ms = Date.now();
  const result = await work();
  say(`${title} ... ${((Date.now() - begun_ms) / 1_000).toFixed(1)} s`);
  return result;
}

export interface Summary {
  readonly programs: readonly ProgramStatus[];
  readonly dashboard: string | undefined;
  readonly data_directory: string;
  /** Where the log is, unless it is embedded. */
  readonly kafka_brokers: string | undefined;
  readonly demo_keys: boolean;
  readonly seconds: number;
}

/** What a person needs once everything runs. */
export function printSummary({
  programs,
  dashboard,
  data_directory,
  kafka_brokers,
  demo_keys,
  seconds,
}: Summary): void {
  const shown = fromHere(data_directory);
  const ready = programs.every(({ state }) => state === 'ready');
  const rows = [{ name: 'service', address: 'address', health: 'health' }, ...programs];
  const width = Math.max(...rows.map(({ address }) => address.length));
  const lines = [
    '',
    `  Nerveline is up after ${seconds.toFixed(1)} s${ready ? '' : ', but not all of it is ready yet'}.`,
    '',
    ...rows.map(({ name, address, health }) => `  ${name.padEnd(NAME_WIDTH)} ${address.padEnd(width)}  ${health}`),
    '',
  ];
  if (dashboard !== undefined) {
    lines.push(`  Dashboard  ${dashboard}${demo_keys ? '   (opens as operator, on this machine only)' : ''}`);
  }
  if (kafka_brokers !== undefined) lines.push(`  Log        Apache Kafka, ${kafka_brokers}`);
  lines.push(
    `  Data       ${shown}   (npm start -- --reset starts afresh)`,
    `  Logs       ${join(shown, 'logs')}`,
    '  Stop       Ctrl-C',
    '',
  );
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** As a person here would type it: relative where it lies below the current directory. */
export function fromHere(path: string, here = process.cwd()): string {
  const way = relative(here, path);
  return way === '' || way.startsWith('..') || isAbsolute(way) ? path : way;
}
