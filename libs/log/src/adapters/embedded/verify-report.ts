import { fork } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';

/** Offsets from `from` up to and without `to`. */
export interface OffsetRange {
  readonly from: number;
  readonly to: number;
}

/** What verification found of a partition. */
export interface PartitionReport {
  readonly topic: string;
  readonly partition: number;
  readonly start_offset: number;
  readonly next_offset: number;
  readonly records: number;
  /** What can be kept: every record in these ranges passed its checksum. */
  readonly sound: readonly OffsetRange[];
  /** What can't be read, and why, in words. */
  readonly damaged: readonly (OffsetRange & { readonly cause: string })[];
}

export interface EnvironmentReport {
  readonly service: string;
  readonly partitions: readonly PartitionReport[];
  /** Damage beside the partitions: in positions, state, or of the environment as a whole. */
  readonly damaged: readonly { readonly place: string; readonly cause: string }[];
}

/** What the child says: see verify-report-child. */
export type ReportMessage =
  | { readonly kind: 'looking_at'; readonly place: string; readonly report?: PartitionReport }
  | { readonly kind: 'partition'; readonly report: PartitionReport }
  | { readonly kind: 'damaged'; readonly place: string; readonly cause: string }
  | { readonly kind: 'done' };

/** A child that says nothing for so long reads in circles. */
const SILENCE_MS = 60_000;

/**
 * Reads all environments of a data directory, those of services that run included, and tells what is sound in each
 * partition. In child processes, since a damaged page can crash whoever looks at it: the next one goes on behind it.
 */
export async function verifyLog(data_directory: string): Promise<EnvironmentReport[]> {
  const log_directory = join(data_directory, 'log');
  const services = existsSync(log_directory)
    ? readdirSync(log_directory).filter((name) => existsSync(join(log_directory, name, 'data.mdb')))
    : [];
  const reports: EnvironmentReport[] = [];
  for (const service of services.sort()) reports.push(await verifyEnvironment(log_directory, service));
  return reports;
}

async function verifyEnvironment(log_directory: string, service: string): Promise<EnvironmentReport> {
  const partitions: PartitionReport[] = [];
  const damaged: { place: string; cause: string }[] = [];
  const passed = new Set<string>();
  for (;;) {
    let last: ReportMessage = { kind: 'looking_at', place: 'its first page' };
    const ending = await runChild([join(log_directory, service), JSON.stringify([...passed])], (message) => {
      last = message;
      if (message.kind === 'partition') {
        partitions.push(message.report);
        passed.add(`${message.report.topic}/${message.report.partition}`);
      }
      if (message.kind === 'damaged') {
        damaged.push(message);
        passed.add(message.place);
      }
    });
    const verdict = last as ReportMessage;
    if (verdict.kind === 'done') return { service, partitions: partitions.sort(byPlace), damaged };
    const place = verdict.kind === 'looking_at' ? verdict.place : 'what comes next';
    const cause = `reading it ended the process that verifies (${ending})`;
    if (verdict.kind === 'looking_at' && verdict.report !== undefined) {
      partitions.push(cutOff(verdict.report, cause));
    } else {
      damaged.push({ place, cause });
    }
    // Nothing can be read without its first pages; the same place twice is the end, too.
    if (verdict.kind !== 'looking_at' || passed.has(place) || place === 'its first page') {
      return { service, partitions: partitions.sort(byPlace), damaged };
    }
    passed.add(place);
  }
}

/** What the child knew of a partition before it ended: the rest is not readable. */
function cutOff(report: PartitionReport, cause: string): PartitionReport {
  const from = Math.max(report.start_offset, ...[...report.sound, ...report.damaged].map(({ to }) => to));
  return { ...report, damaged: [...report.damaged, { from, to: report.next_offset, cause }] };
}

const byPlace = (a: PartitionReport, b: PartitionReport): number =>
  a.topic.localeCompare(b.topic) || a.partition - b.partition;

async function runChild(parameters: readonly string[], onMessage: (message: ReportMessage) => void): Promise<string> {
  const child = fork(join(__dirname, `verify-report-child${extname(__filename)}`), parameters, {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const silence = setTimeout(() => child.kill('SIGKILL'), SILENCE_MS);
  child.on('message', (message: ReportMessage) => {
    silence.refresh();
    onMessage(message);
  });
  try {
    return await new Promise<string>((resolve, reject) => {
      child.on('error', reject);
      // Not 'exit': messages may still be on their way then.
      child.on('close', (code, signal) => resolve(signal ?? `code ${code}`));
    });
  } finally {
    clearTimeout(silence);
  }
}
