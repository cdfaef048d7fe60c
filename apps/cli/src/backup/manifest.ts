import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { NervelineError } from '@nerveline/kernel';
import { z } from 'zod';

/** Layout of a backup; a newer one is refused. */
const FORMAT = 1;
const NAME = 'manifest.json';

const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  taken: z.iso.datetime(),
  nerveline: z.string(),
  postgres: z.strictObject({
    version: z.string(),
    system_id: z.string(),
    timeline: z.int(),
    /** Where the cut is in the database's own log: all that was committed before is in the backup. */
    cut_lsn: z.string(),
    /** Positions of the logical slots that go with it, all at or before what the log holds. */
    slots: z.array(z.strictObject({ slot: z.string(), confirmed_lsn: z.string() })),
  }),
  /** Whose environment is there. */
  log: z.array(z.string()),
  /** For how long writers had to wait for the cut. */
  held_ms: z.number(),
  directories: z.array(z.strictObject({ path: z.string(), mode: z.int() })),
  files: z.array(
    z.strictObject({ path: z.string(), mode: z.int(), size_bytes: z.int(), sha256: z.string().length(64) }),
  ),
});

/** What a backup consists of. */
export type Manifest = Readonly<z.output<typeof manifestSchema>>;
export type BackupFile = Manifest['files'][number];
export type BackupContent = Omit<Manifest, 'format'>;

/** Written last, durably: a backup without one isn't complete. Its own checksum stands in its last line. */
export async function writeManifest(directory: string, content: BackupContent): Promise<void> {
  const body = JSON.stringify({ format: FORMAT, ...content }, null, 1);
  const handle = await open(join(directory, NAME), 'w', 0o600);
  try {
    await handle.writeFile(`${body}\n${checksum(body)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @throws NervelineError `NL-BAK-002`, `NL-BAK-004` */
export function readManifest(directory: string): Manifest {
  const path = join(directory, NAME);
  if (!existsSync(path)) throw damaged(`${path} is not there`);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const body = lines.slice(0, -1).join('\n');
  if (checksum(body) !== lines.at(-1)) throw damaged(`${path} fails its checksum`);
  const content: unknown = JSON.parse(body);
  const { format } = z.object({ format: z.int() }).parse(content);
  if (format > FORMAT) {
    throw new NervelineError('NL-BAK-004', { detail: `format ${format}, this version reads up to ${FORMAT}` });
  }
  return manifestSchema.parse(content);
}

export const damaged = (detail: string): NervelineError => new NervelineError('NL-BAK-002', { detail });

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex');
