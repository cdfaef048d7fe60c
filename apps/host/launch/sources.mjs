import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { ROOT } from './paths.mjs';

/**
 * The state of files by their path from the root: size and time of the last change. Cheap enough to look at on every
 * start, and a checkout only costs a build that would have been skipped.
 *
 * @param {string} directory from the root
 * @param {(path: string) => boolean} wanted
 * @returns {Record<string, string>}
 */
export function stateOf(directory, wanted = () => true) {
  const found = {};
  const visit = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.name === 'node_modules' || entry.name === 'dist') continue;
      const child = join(path, entry.name);
      if (entry.isDirectory()) visit(child);
      else {
        const name = relative(ROOT, child).split(sep).join('/');
        if (!wanted(name)) continue;
        const { mtimeMs, size } = statSync(child);
        found[name] = `${mtimeMs}:${size}`;
      }
    }
  };
  try {
    visit(join(ROOT, directory));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  return found;
}

/** One word for the content of some files, for what is small and decides how all others are built. */
export function digestOf(...paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(readFileSync(join(ROOT, path)));
  return hash.digest('hex').slice(0, 16);
}
