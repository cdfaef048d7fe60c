import fs from 'node:fs';
import { Socket } from 'node:net';
import fsPromises, { type FileHandle } from 'node:fs/promises';
import { openLog } from '@nerveline/log';
import { catalogue } from './log-durability-program';

/*
 * What the segment tests kill: `log-segments-program.ts DATA_DIRECTORY STEP`. Opens the log of `writer`, which moves what it
 * holds into segments and drops what retention wants gone, appends nothing, and kills itself at a step of that. With
 * `none` it stays until it is ended.
 */
export const SEGMENT_BYTES = 50_000;

export const steps = [
  'the first bytes are written',
  'the file is about to be synced',
  'the file is about to get its name',
  'the file has its name',
  'the directory is synced',
  'the segment is known',
  'the first of its batches are removed',
  'a second segment is known',
] as const;

const end = (): void => void process.kill(process.pid, 'SIGKILL');

/** Between the module and what it calls: no step of the mover has a hook of its own. */
function killAt(step: string): void {
  const { open, rename } = fsPromises;
  let named = 0;
  let rings = 0;
  fsPromises.open = async (...parameters: Parameters<typeof open>): Promise<FileHandle> => {
    const handle = await open(...parameters);
    const { writeFile, sync } = handle;
    const unfinished = String(parameters[0]).endsWith('.unfinished');
    handle.writeFile = async (...data) => {
      await writeFile.apply(handle, data);
      if (step === 'the first bytes are written') end();
    };
    handle.sync = async () => {
      if (unfinished && step === 'the file is about to be synced') end();
      await sync.apply(handle);
      if (!unfinished && named > 0 && step === 'the directory is synced') end();
    };
    return handle;
  };
  fsPromises.rename = async (...parameters) => {
    if (step === 'the file is about to get its name') end();
    await rename(...parameters);
    named += 1;
    if (step === 'the file has its name') end();
  };
  // Each transaction rings for the reader that the test has: the first behind a name makes the segment known.
  const { write } = Socket.prototype;
  Socket.prototype.write = function (this: Socket, ...parameters: Parameters<typeof write>): boolean {
    if (named > 0) rings += 1;
    if (rings === 1 && step === 'the segment is known') end();
    if (rings === 2 && step === 'the first of its batches are removed') end();
    if (named === 2 && rings >= 3 && step === 'a second segment is known') end();
    return write.apply(this, parameters);
  } as typeof write;
  const { rmSync } = fs;
  fs.rmSync = (path, options) => {
    if (step === 'a dropped file is about to go' && String(path).endsWith('.segment')) end();
    rmSync(path, options);
  };
}

async function main([data_directory = '', step = '', retention_bytes = '']: readonly string[]): Promise<void> {
  killAt(step);
  const kept = retention_bytes === '' ? {} : { retention_bytes: Number(retention_bytes) };
  await openLog({
    data_directory,
    service: 'writer',
    catalogue: catalogue.map((topic) => ({ ...topic, retention: { ...topic.retention, ...kept } as never })),
    segment_bytes: SEGMENT_BYTES,
    housekeeping_interval_ms: 500,
    onHousekeepingError: (error) => process.send?.({ failed: String(error) }),
  });
  process.send?.({ opened: true });
  process.on('disconnect', () => process.exit(0));
}

if (require.main === module) void main(process.argv.slice(2));
