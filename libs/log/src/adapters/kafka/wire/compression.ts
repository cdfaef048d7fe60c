import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { NervelineError } from '@nerveline/kernel';

export const COMPRESSIONS = ['none', 'gzip', 'lz4', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** By the low three bits of a batch's attributes. */
const CODES: Readonly<Record<Compression, number>> = { none: 0, gzip: 1, lz4: 3, zstd: 4 };
const SNAPPY = 2;
const MASK = 0b111;

type Codec = (bytes: Uint8Array) => Promise<Buffer>;

/** Node has zstd from 22.15 on; the types of Node 20 don't know it. */
const native = zlib as unknown as Partial<
  Record<'zstdCompressSync' | 'zstdDecompressSync', (bytes: Uint8Array) => Buffer>
>;

const gzip = promisify<Uint8Array, Buffer>(zlib.gzip);
const gunzip = promisify<Uint8Array, Buffer>(zlib.gunzip);

export const compressionCode = (compression: Compression): number => CODES[compression];

/** @throws NervelineError `NL-LOG-026` */
export function checkCompression(compression: Compression): void {
  if (compression !== 'zstd' || native.zstdCompressSync !== undefined) return;
  throw new NervelineError('NL-LOG-026', { detail: `Node ${process.versions.node} has no zstd: 22.15 and later have` });
}

/** Loaded when the first batch needs it: its WebAssembly takes a while to compile. */
const wasm = () => import('@platformatic/wasm-utils');

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export async function compress(compression: Compression, bytes: Buffer): Promise<Buffer> {
  switch (compression) {
    case 'none':
      return bytes;
    case 'gzip':
      return gzip(bytes);
    case 'lz4':
      return (await wasm()).lz4Compress(bytes);
    case 'zstd':
      checkCompression(compression);
      return native.zstdCompressSync?.(bytes) ?? bytes;
  }
}

const decoders: ReadonlyMap<number, Codec> = new Map<number, Codec>([
  [CODES.gzip, gunzip],
  [SNAPPY, async (bytes) => (await wasm()).snappyDecompress(asBuffer(bytes))],
  [CODES.lz4, async (bytes) => (await wasm()).lz4Decompress(asBuffer(bytes))],
]);

/** The codec of a batch with these attributes, undefined when it is not compressed. @throws NervelineError `NL-LOG-026` */
export function decompressorOf(attributes: number): Codec | undefined {
  const code = attributes & MASK;
  if (code === CODES.none) return undefined;
  const { zstdDecompressSync } = native;
  const zstd = zstdDecompressSync && (async (bytes: Uint8Array) => zstdDecompressSync(bytes));
  const decode = code === CODES.zstd ? zstd : decoders.get(code);
  if (decode !== undefined) return decode;
  throw new NervelineError('NL-LOG-026', {
    detail: `a batch is compressed with codec ${code}, which this Node hasn't`,
  });
}
