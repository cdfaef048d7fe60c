import { closeSync, createReadStream, createWriteStream, existsSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Transaction } from 'lmdb';
import { EnvironmentFile } from '../adapters/embedded/environment-file';
import { copyEnvironment } from './copy-environment';
import { holdWriters, type Held } from './hold-writers';

interface Environment {
  readonly service: string;
  readonly file: EnvironmentFile;
  snapshot?: { readonly transaction: Transaction; release(): void };
  /** Open since the cut: one that retention removes meanwhile can still be read. */
  segments: { readonly name: string; readonly descriptor: number }[];
}

/** Files of an environment beside its own one: each is written once and never changed. */
const SEGMENTS = 'segments';

/** All environments of a data directory, as they were at one moment, while their services run. */
export class LogBackup implements AsyncDisposable {
  private constructor(
    private readonly log_directory: string,
    private readonly environments: readonly Environment[],
  ) {}

  /** @throws NervelineError `NL-LOG-006` */
  static open(data_directory: string): LogBackup {
    const log_directory = join(data_directory, 'log');
    const names = existsSync(log_directory) ? readdirSync(log_directory).sort() : [];
    const environments = names.flatMap((service) => {
      const file = EnvironmentFile.openForReading(join(log_directory, service));
      return file === undefined ? [] : [{ service, file, segments: [] }];
    });
    return new LogBackup(log_directory, environments);
  }

  get services(): readonly string[] {
    return this.environments.map(({ service }) => service);
  }

  /**
   * Fixes the moment: no service commits while `act` runs, so what `act` does belongs to the same moment.
   *
   * @throws NervelineError `NL-BAK-006`, and what `act` throws
   */
  async cut<T>(act: () => Promise<T>): Promise<Held<T>> {
    return holdWriters(
      this.environments.map(({ service }) => join(this.log_directory, service)),
      async () => {
        for (const environment of this.environments) {
          environment.snapshot = environment.file.holdSnapshot();
          environment.segments = openSegments(join(this.log_directory, environment.service, SEGMENTS));
        }
        return act();
      },
    );
  }

  /** Writes all environments as they were at the cut to `DIRECTORY/SERVICE`. */
  async copyTo(directory: string): Promise<void> {
    for (const environment of this.environments) {
      const { service, file, snapshot, segments } = environment;
      const to = join(directory, service);
      mkdirSync(to, { recursive: true });
      environment.segments = [];
      for (const segment of segments) await copySegment(segment, join(to, SEGMENTS));
      if (snapshot !== undefined) await copyEnvironment(file, snapshot.transaction, to);
      snapshot?.release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { file, segments } of this.environments) {
      for (const { descriptor } of segments) closeSync(descriptor);
      await file.close();
    }
  }
}

function openSegments(directory: string): Environment['segments'] {
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.segment')) : [];
  return names.map((name) => ({ name, descriptor: openSync(join(directory, name), 'r') }));
}

async function copySegment({ name, descriptor }: Environment['segments'][number], to: string): Promise<void> {
  mkdirSync(to, { recursive: true });
  await pipeline(
    createReadStream('', { fd: descriptor, start: 0 }),
    createWriteStream(join(to, name), { flags: 'wx', flush: true }),
  );
}
