import { crc32, deflateSync, inflateSync } from 'node:zlib';

/*
 * A browser's screenshot with 256 colours instead of 16 million: a third of the size, which counts in a repository.
 * Formats and filters as in the PNG specification (W3C, third edition), chapters 7, 9 and 11.
 */

const SIGNATURE_BYTES = 8;
const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const COLOURS = 256;
const INDEXED = 3;
/** Bits of each channel that tell two colours apart when they are counted. */
const COUNTED_BITS = 5;

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly bytes: Buffer;
}

export function toIndexedPng(png: Buffer): Buffer {
  const pixels = decode(png);
  const palette = commonColours(pixels);
  const nearest = new Map<number, number>();
  const rows = Buffer.alloc(pixels.height * (pixels.width + 1));
  for (let at = 0, out = 0; at < pixels.bytes.length; at += pixels.channels) {
    // Each row begins with its filter: none, which suits indexes.
    if ((at / pixels.channels) % pixels.width === 0) out += 1;
    const colour = pixels.bytes.readUIntBE(at, 3);
    let index = nearest.get(colour);
    if (index === undefined) nearest.set(colour, (index = nearestOf(palette, colour)));
    rows[out] = index;
    out += 1;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(pixels.width, 0);
  header.writeUInt32BE(pixels.height, 4);
  header.set([8, INDEXED, 0, 0, 0], 8);
  const colours = Buffer.concat(
    palette.map((colour) => Buffer.from([colour >> 16, (colour >> 8) & 255, colour & 255])),
  );
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The most frequent colour of each group of like ones, the largest groups first. */
function commonColours({ bytes, channels }: Pixels): number[] {
  const counts = new Map<number, number>();
  for (let at = 0; at < bytes.length; at += channels) {
    const colour = bytes.readUIntBE(at, 3);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const drop = 8 - COUNTED_BITS;
  const groups = new Map<number, { colour: number; most: number; sum: number }>();
  for (const [colour, count] of counts) {
    const like = (((colour >> 16) >> drop) << 16) | ((((colour >> 8) & 255) >> drop) << 8) | ((colour & 255) >> drop);
    const group = groups.get(like) ?? { colour, most: 0, sum: 0 };
    if (count > group.most) Object.assign(group, { colour, most: count });
    group.sum += count;
    groups.set(like, group);
  }
  const ranked = [...groups.values()].sort((a, b) => b.sum - a.sum).map(({ colour }) => colour);
  // The grounds and lines of the design keep their exact colour, also where two of them are alike.
  const exact = [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, COLOURS / 2)
    .map(([colour]) => colour);
  return [...new Set([...exact, ...ranked])].slice(0, COLOURS);
}

function nearestOf(palette: readonly number[], colour: number): number {
  let best = 0;
  let best_distance = Infinity;
  palette.forEach((each, index) => {
    const red = (each >> 16) - (colour >> 16);
    const green = ((each >> 8) & 255) - ((colour >> 8) & 255);
    const blue = (each & 255) - (colour & 255);
    const distance = red * red + 2 * green * green + blue * blue;
    if (distance < best_distance) [best, best_distance] = [index, distance];
  });
  return best;
}

function decode(png: Buffer): Pixels {
  const data: Buffer[] = [];
  let header = Buffer.alloc(0);
  for (let at = SIGNATURE_BYTES; at < png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = Buffer.from(body);
    if (type === 'IDAT') data.push(body);
    at += length + 12;
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  // A screenshot has 8 bits for each channel: 2 is RGB, 6 has an alpha channel too.
  const channels = header[9] === 6 ? 4 : 3;
  return { width, height, channels, bytes: unfilter(inflateSync(Buffer.concat(data)), width * channels, channels) };
}

function unfilter(rows: Buffer, stride: number, channels: number): Buffer {
  const bytes = Buffer.alloc((rows.length / (stride + 1)) * stride);
  for (let row = 0; row * stride < bytes.length; row += 1) {
    const filter = rows[row * (stride + 1)] ?? 0;
    for (let x = 0; x < stride; x += 1) {
      const at = row * stride + x;
      const left = x < channels ? 0 : (bytes[at - channels] ?? 0);
      const up = bytes[at - stride] ?? 0;
      const corner = x < channels ? 0 : (bytes[at - stride - channels] ?? 0);
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0;
      bytes[at] = (rows[row * (stride + 1) + 1 + x] ?? 0) + guess;
    }
  }
  return bytes;
}

function paeth(left: number, up: number, corner: number): number {
  const [by_left, by_up, by_corner] = [
    Math.abs(up - corner),
    Math.abs(left - corner),
    Math.abs(left + up - 2 * corner),
  ];
  if (by_left <= by_up && by_left <= by_corner) return left;
  return by_up <= by_corner ? up : corner;
}

function chunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(body.length, 0);
  named.copy(framed, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}
