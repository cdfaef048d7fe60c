import { inflateSync } from 'node:zlib';
import { NervelineError } from '@nerveline/kernel';
import { PbfReader } from 'pbf';

/*
 * The file format stands in https://wiki.openstreetmap.org/wiki/PBF_Format; field numbers are those of its
 * fileformat.proto and osmformat.proto.
 */
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_BLOB_BYTES = 32 * 1024 * 1024;
const KNOWN_FEATURES = new Set(['OsmSchema-V0.6', 'DenseNodes']);
const DEFAULT_GRANULARITY = 100;
const NANODEGREES_PER_UNIT = 100;

export interface OsmWay {
  readonly tags: ReadonlyMap<string, string>;
  readonly refs: readonly number[];
}

export interface OsmVisitor {
  /** Coordinates in 1e-7 degrees. */
  node?(id: number, lat_e7: number, lon_e7: number): void;
  way?(way: OsmWay): void;
}

/**
 * Shows a visitor every node or way of an `.osm.pbf`. What it doesn't ask for is skipped without being decoded.
 *
 * @throws NervelineError `NL-FLT-010` when the bytes are truncated, damaged or of another format
 */
export function readOsmPbf(bytes: Uint8Array, visitor: OsmVisitor): void {
  try {
    let blobs = 0;
    for (const { type, data } of blobsOf(bytes)) {
      if (blobs++ === 0 && type !== 'OSMHeader') throw unreadable('it does not begin with an OSM header');
      if (type === 'OSMHeader') checkFeatures(new PbfReader(data));
      else if (type === 'OSMData') readBlock(new PbfReader(data), visitor);
    }
    if (blobs < 2) throw unreadable('it holds no data');
  } catch (cause) {
    if (cause instanceof NervelineError) throw cause;
    throw unreadable('a block in it is damaged', cause);
  }
}

function unreadable(what: string, cause?: unknown): NervelineError {
  return new NervelineError('NL-FLT-010', { detail: `the roads file can't be read as .osm.pbf: ${what}`, cause });
}

function* blobsOf(bytes: Uint8Array): Generator<{ readonly type: string; readonly data: Uint8Array }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.byteLength) {
    if (at + 4 > bytes.byteLength) throw unreadable('it is cut off');
    const header_bytes = view.getUint32(at);
    if (header_bytes === 0 || header_bytes > MAX_HEADER_BYTES) throw unreadable('it is of another format');
    const blob_at = at + 4 + header_bytes;
    if (blob_at > bytes.byteLength) throw unreadable('it is cut off');
    const { type, blob_bytes } = readBlobHeader(new PbfReader(bytes.subarray(at + 4, blob_at)));
    if (blob_bytes > MAX_BLOB_BYTES) throw unreadable('a block is larger than the format allows');
    if (blob_at + blob_bytes > bytes.byteLength) throw unreadable('it is cut off');
    yield { type, data: unpack(new PbfReader(bytes.subarray(blob_at, blob_at + blob_bytes))) };
    at = blob_at + blob_bytes;
  }
}

function readBlobHeader(pbf: PbfReader): { readonly type: string; readonly blob_bytes: number } {
  const header = { type: '', blob_bytes: -1 };
  pbf.readFields((tag, result) => {
    if (tag === 1) result.type = pbf.readString();
    else if (tag === 3) result.blob_bytes = pbf.readVarint();
  }, header);
  if (header.type === '' || header.blob_bytes < 0) throw unreadable('it is of another format');
  return header;
}

function unpack(pbf: PbfReader): Uint8Array {
  const blob: { raw?: Uint8Array; zlib?: Uint8Array } = {};
  pbf.readFields((tag, result) => {
    if (tag === 1) result.raw = pbf.readBytes();
    else if (tag === 3) result.zlib = pbf.readBytes();
    else if (tag >= 4) throw unreadable('its blocks are packed with something else than zlib');
  }, blob);
  if (blob.raw !== undefined) return blob.raw;
  if (blob.zlib === undefined) throw unreadable('a block is empty');
  return inflateSync(blob.zlib, { maxOutputLength: MAX_BLOB_BYTES });
}

function checkFeatures(pbf: PbfReader): void {
  pbf.readFields((tag) => {
    if (tag !== 4) return;
    const feature = pbf.readString();
    if (!KNOWN_FEATURES.has(feature)) throw unreadable(`it needs the feature ${feature}`);
  }, null);
}

interface Block {
  readonly strings: string[];
  readonly groups: number[];
  granularity: number;
  lat_offset: number;
  lon_offset: number;
}

function readBlock(pbf: PbfReader, visitor: OsmVisitor): void {
  const block: Block = { strings: [], groups: [], granularity: DEFAULT_GRANULARITY, lat_offset: 0, lon_offset: 0 };
  pbf.readFields((tag, result) => {
    if (tag === 1) readStrings(pbf, result.strings);
    else if (tag === 2) result.groups.push(pbf.pos);
    else if (tag === 17) result.granularity = pbf.readVarint();
    else if (tag === 19) result.lat_offset = pbf.readVarint(true);
    else if (tag === 20) result.lon_offset = pbf.readVarint(true);
  }, block);
  // Groups come before the granularity that their coordinates need.
  for (const start of block.groups) {
    pbf.pos = start;
    pbf.readMessage((tag) => {
      if (tag === 1 && visitor.node !== undefined) readNode(pbf, block, visitor.node.bind(visitor));
      else if (tag === 2 && visitor.node !== undefined) readDenseNodes(pbf, block, visitor.node.bind(visitor));
      else if (tag === 3 && visitor.way !== undefined) visitor.way(readWay(pbf, block.strings));
    }, null);
  }
}

function readStrings(pbf: PbfReader, strings: string[]): void {
  pbf.readMessage((tag, result) => {
    if (tag === 1) result.push(pbf.readString());
  }, strings);
}

type TakeNode = NonNullable<OsmVisitor['node']>;

const units = (raw: number, granularity: number, offset: number): number =>
  Math.round((offset + granularity * raw) / NANODEGREES_PER_UNIT);

function readNode(pbf: PbfReader, block: Block, take: TakeNode): void {
  const node = { id: 0, lat: 0, lon: 0 };
  pbf.readMessage((tag, result) => {
    if (tag === 1) result.id = pbf.readSVarint();
    else if (tag === 8) result.lat = pbf.readSVarint();
    else if (tag === 9) result.lon = pbf.readSVarint();
  }, node);
  const { granularity, lat_offset, lon_offset } = block;
  take(node.id, units(node.lat, granularity, lat_offset), units(node.lon, granularity, lon_offset));
}

function readDenseNodes(pbf: PbfReader, block: Block, take: TakeNode): void {
  const dense: Record<'ids' | 'lats' | 'lons', number[]> = { ids: [], lats: [], lons: [] };
  pbf.readMessage((tag, result) => {
    if (tag === 1) pbf.readPackedSVarint(result.ids);
    else if (tag === 8) pbf.readPackedSVarint(result.lats);
    else if (tag === 9) pbf.readPackedSVarint(result.lons);
  }, dense);
  const { granularity, lat_offset, lon_offset } = block;
  let [id, lat, lon] = [0, 0, 0];
  dense.ids.forEach((step, index) => {
    id += step;
    lat += dense.lats[index] ?? 0;
    lon += dense.lons[index] ?? 0;
    take(id, units(lat, granularity, lat_offset), units(lon, granularity, lon_offset));
  });
}

function readWay(pbf: PbfReader, strings: readonly string[]): OsmWay {
  const raw: Record<'keys' | 'values' | 'steps', number[]> = { keys: [], values: [], steps: [] };
  pbf.readMessage((tag, result) => {
    if (tag === 2) pbf.readPackedVarint(result.keys);
    else if (tag === 3) pbf.readPackedVarint(result.values);
    else if (tag === 8) pbf.readPackedSVarint(result.steps);
  }, raw);
  const tags = new Map(raw.keys.map((key, n) => [strings[key] ?? '', strings[raw.values[n] ?? 0] ?? '']));
  let ref = 0;
  return { tags, refs: raw.steps.map((step) => (ref += step)) };
}
