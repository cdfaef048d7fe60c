import { topics } from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import fc from 'fast-check';
import { takeFrame } from '../client/take-frame';
import { cutFrames } from './frames';
import { PushRecord } from './push-record';

const item = (record: PushRecord) => ({
  topic: record.topic.name,
  partition: record.partition,
  offset: record.offset,
  key: record.key,
  event_ms: 0,
  source_position: null,
  committed_ms: null,
  value: null,
});

const record = (partition: number, at: number, bytes = 0) =>
  new PushRecord(topics.decisions, {
    topic: 'fraud.decisions',
    partition,
    offset: offset(at),
    key: Buffer.from('demo/card'),
    value: new Uint8Array(bytes),
    headers: {},
    timestamp_ms: 0,
    appended_ms: 0,
  });

const cut = (records: readonly PushRecord[], limits = { frame_bytes: 1e6, frame_records: 2 }) =>
  cutFrames(
    {
      stream: 'fraud.decisions',
      kind: 'snapshot',
      records,
      from: { 'fraud.decisions/0': 0, 'fraud.decisions/1': 0 },
      to: { 'fraud.decisions/0': 100, 'fraud.decisions/1': 100 },
      behind: 7,
    },
    item,
    limits,
  ).map(({ frame }) => frame);

test('only the first frame is a snapshot, and each says where the client stands behind it', () => {
  const frames = cut([record(0, 3), record(1, 5), record(0, 4)]);
  expect(frames.map(({ kind }) => kind)).toEqual(['snapshot', 'delta']);
  expect(frames[0]?.position).toEqual({ 'fraud.decisions/0': 4, 'fraud.decisions/1': 6 });
  expect(frames[1]).toMatchObject({
    from: { 'fraud.decisions/0': 4, 'fraud.decisions/1': 6 },
    position: { 'fraud.decisions/0': 100, 'fraud.decisions/1': 100 },
  });
  expect(frames.map(({ behind }) => behind)).toEqual([8, 7]);
});

test('a frame is closed behind the record that passes its bytes', () => {
  const frames = cut([record(0, 1, 900), record(0, 2, 900), record(0, 3, 10)], {
    frame_bytes: 1_000,
    frame_records: 99,
  });
  expect(frames.map(({ items }) => items.length)).toEqual([1, 1, 1]);
});

test('without records there is one frame that moves the position', () => {
  expect(cut([])).toMatchObject([{ items: [], position: { 'fraud.decisions/0': 100 } }]);
});

test('wherever a client is cut off between frames, the rest brings exactly what is missing', () => {
  const places = fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 30 });
  fc.assert(
    fc.property(places, fc.integer({ min: 1, max: 5 }), fc.nat(30), (partitions, frame_records, cut_at) => {
      const records = partitions.map((partition, i) =>
        record(partition, partitions.slice(0, i).filter((earlier) => earlier === partition).length),
      );
      const frames = cut(records, { frame_bytes: 1e6, frame_records });
      let position: Readonly<Record<string, number>> | null = null;
      const seen: string[] = [];
      // The frames up to the cut, then all of them again: a gateway that starts over from an older position.
      for (const frame of [...frames.slice(0, cut_at), ...frames.slice(cut_at > 0 ? 1 : 0)]) {
        const taken = takeFrame(position, frame);
        if (taken.kind !== 'apply') throw new Error(`a ${taken.kind} frame`);
        position = taken.position;
        seen.push(...taken.fresh.map((fresh) => `${fresh.partition}@${fresh.offset}`));
      }
      expect(seen.sort()).toEqual(records.map(({ partition, offset: at }) => `${partition}@${at}`).sort());
    }),
  );
});
