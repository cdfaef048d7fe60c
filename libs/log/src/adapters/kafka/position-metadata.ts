import { NervelineError, offset, type InputPosition, type Offset } from '@nerveline/kernel';

/*
 * `applied_above` beside a committed offset, in the text that Kafka keeps with it (4,096 bytes unless the broker says
 * otherwise). Offsets above a gap come in runs, so a run takes a few characters however long it is: for each one, how far
 * it begins behind the last one's end, and its length, in base 36.
 */

const FORMAT = '1';
const MAX_METADATA_BYTES = 4_000;

/** @throws NervelineError `NL-LOG-025` */
export function encodeApplied({ next_offset, applied_above, topic, partition }: InputPosition): string {
  if (applied_above.length === 0) return '';
  const sorted = [...new Set<number>(applied_above)].sort((a, b) => a - b);
  const words: string[] = [FORMAT];
  let end: number = next_offset;
  for (let i = 0; i < sorted.length;) {
    const first = sorted[i] ?? 0;
    let length = 1;
    while (sorted[i + length] === first + length) length += 1;
    words.push(`${(first - end).toString(36)}.${length.toString(36)}`);
    end = first + length;
    i += length;
  }
  const metadata = words.join(' ');
  if (metadata.length <= MAX_METADATA_BYTES) return metadata;
  throw new NervelineError('NL-LOG-025', {
    detail: `${sorted.length} offsets above ${next_offset} of ${topic}/${partition} lie in ${words.length - 1} runs`,
  });
}

/** Others' texts say nothing to us. @throws NervelineError `NL-LOG-006` */
export function decodeApplied(metadata: string, next_offset: number): Offset[] {
  const [format, ...words] = metadata.split(' ');
  if (format === '' || words.length === 0) return [];
  if (format !== FORMAT) {
    throw new NervelineError('NL-LOG-006', {
      detail: `a position is in format ${format}, this version reads ${FORMAT}`,
    });
  }
  const applied: Offset[] = [];
  let end = next_offset;
  for (const word of words) {
    const [gap = '', length = ''] = word.split('.');
    const first = end + Number.parseInt(gap, 36);
    end = first + Number.parseInt(length, 36);
    for (let at = first; at < end; at += 1) applied.push(offset(at));
  }
  return applied;
}
