import { offset, type InputPosition } from '@nerveline/kernel';
import type { EnvironmentFile } from './environment-file';
import { behindPrefix, readPositionKey, textPrefix } from './keys';

/** Next offset, then the applied ones above it. */
export function encodeInputPosition({ next_offset, applied_above }: InputPosition): Buffer {
  const bytes = Buffer.allocUnsafe(8 * (1 + applied_above.length));
  bytes.writeDoubleLE(next_offset, 0);
  applied_above.forEach((applied, i) => bytes.writeDoubleLE(applied, 8 * (i + 1)));
  return bytes;
}

export function readInputPositions(file: EnvironmentFile, group: string): InputPosition[] {
  const prefix = textPrefix(group);
  const positions: InputPosition[] = [];
  for (const { key, value } of file.positions.getRange({ start: prefix, end: behindPrefix(prefix) })) {
    const applied_above = [];
    for (let at = 8; at < value.length; at += 8) applied_above.push(offset(value.readDoubleLE(at)));
    positions.push({ group, ...readPositionKey(key), next_offset: offset(value.readDoubleLE(0)), applied_above });
  }
  return positions;
}

/** The groups that have positions here, each once. */
export function readGroups(file: EnvironmentFile): string[] {
  const groups = new Set<string>();
  for (const key of file.positions.getKeys({})) groups.add(key.toString('utf8', 0, key.indexOf(0)));
  return [...groups];
}
