import { createTempDirectory } from '@nerveline/testing';
import { isNervelineError } from '@nerveline/kernel';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { explain, holdDataDirectory } from './data-directory';

describe('a data directory', () => {
  test('on a disk with too little space is refused with what is there and what is needed', async () => {
    await using directory = await createTempDirectory();
    const path = join(directory.path, 'data');
    expect(() => holdDataDirectory(path, Number.MAX_SAFE_INTEGER)).toThrow(/^NL-HST-004: .* MB free, a start needs /);
    // The hold on it went with the refusal.
    expect(existsSync(join(path, 'host.lock'))).toBe(false);
  });

  test('is free for the next run once it was released', async () => {
    await using directory = await createTempDirectory();
    const first = holdDataDirectory(directory.path, 0);
    expect(() => holdDataDirectory(directory.path, 0)).toThrow('NL-HST-003');
    first.release();
    holdDataDirectory(directory.path, 0).release();
  });

  test('tells a full disk that shows only while it is written', () => {
    const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
    expect(isNervelineError(explain(full, 'data'), 'NL-HST-004')).toBe(true);
    const other = new Error('other');
    expect(explain(other, 'data')).toBe(other);
  });
});
