import { open, type RootDatabase } from 'lmdb';

/** A bare environment with the settings of ours: durable when a put resolves, visible to others only then. */
export const openBare = (path: string, readOnly = false): RootDatabase<Buffer, number> =>
  open<Buffer, number>({
    path,
    readOnly,
    encoding: 'binary',
    keyEncoding: 'uint32',
    overlappingSync: false,
    noSubdir: false,
  });
