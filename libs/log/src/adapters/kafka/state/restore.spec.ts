import { offset } from '@nerveline/kernel';
import { createTempDirectory } from '@nerveline/testing';
import { KafkaNames } from '../topic-names';
import { encodeChange } from './changelog-codec';
import { restorePart, type Restoring } from './restore';
import { StateCopy } from './state-copy';

/** Believes that the partition ends at 0, as one does that asked before: without news it says that there is nothing. */
function fetcherOfOne(): Restoring['fetcher'] & { reads: number } {
  let known_end = 0;
  const { record } = encodeChange({ store: 's', key: 'k', value: Buffer.from('v') }, '');
  return {
    reads: 0,
    noteEnd: (_topic, _partition, end) => void (known_end = end),
    async read({ label: topic, partition, from }) {
      this.reads += 1;
      // A reader that asks again and again keeps the answer of the broker from coming in.
      if (this.reads > 10) throw new Error('asked again and again');
      const at = offset(from);
      const place = { topic, partition, offset: at, appended_ms: 1, headers: {} };
      const { key, value, timestamp_ms } = record;
      if (from >= known_end) return { records: [], next_offset: at, tail_offset: at };
      return { records: [{ ...place, key, value, timestamp_ms }], next_offset: offset(1), tail_offset: offset(1) };
    },
  };
}

test('state is brought up to the end of the changelog, also where another owner wrote on since it was read', async () => {
  await using directory = await createTempDirectory();
  const copy = await StateCopy.open(directory.path);
  const fetcher = fetcherOfOne();
  const names = new KafkaNames('', 'shop');
  const range = async () => ({ start: 0, end: 1 });
  await restorePart({ copy, fetcher, names, range, onRestored: () => undefined }, '', 0);
  expect(Buffer.from(copy.get('s', 'k') ?? []).toString()).toBe('v');
  expect(fetcher.reads).toBe(1);
  await copy.close();
});
