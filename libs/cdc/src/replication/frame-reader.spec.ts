import fc from 'fast-check';
import { FrameReader } from './frame-reader';

interface Frame {
  readonly tag: string;
  readonly content: string;
}

function bytesOf({ tag, content }: Frame): Buffer {
  const head = Buffer.alloc(5, tag);
  head.writeUInt32BE(4 + content.length, 1);
  return Buffer.concat([head, Buffer.from(content, 'latin1')]);
}

function createReader(hold: (content: string) => Promise<void> | undefined = () => undefined) {
  const seen: Frame[] = [];
  const errors: unknown[] = [];
  const busy: boolean[] = [];
  const reader = new FrameReader({
    onCopyData: (bytes, start, end) => {
      const content = bytes.toString('latin1', start, end);
      seen.push({ tag: 'd', content });
      return hold(content);
    },
    onOther: (frame) => seen.push({ tag: frame.toString('latin1', 0, 1), content: frame.toString('latin1', 5) }),
    onBusy: (now) => busy.push(now),
    onError: (error) => errors.push(error),
  });
  return { reader, seen, errors, busy };
}

const frame = fc.record({
  tag: fc.constantFrom('d', 'd', 'N'),
  content: fc.string({ unit: 'binary-ascii', maxLength: 30 }),
});

describe('the messages of a socket', () => {
  it('are the same however the network cuts them, and however often the consumer holds back', async () => {
    const given = fc.tuple(fc.array(frame), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), fc.nat(5));
    await fc.assert(
      fc.asyncProperty(given, async ([frames, cuts, every]) => {
        let count = 0;
        const { reader, seen, errors } = createReader(() =>
          every > 0 && ++count % every === 0 ? Promise.resolve() : undefined,
        );
        const bytes = Buffer.concat(frames.map(bytesOf));
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const end = at + (cuts[i % cuts.length] ?? 1);
          reader.read(bytes.subarray(at, end));
          at = end;
        }
        for (let i = 0; i < 2 * frames.length; i++) await Promise.resolve();
        expect(seen).toEqual(frames);
        expect(errors).toEqual([]);
      }),
    );
  });

  it('wait behind one that holds back, and go on in their order', async () => {
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const { reader, seen, busy } = createReader((content) => (content === 'b' ? held : undefined));
    for (const content of ['a', 'b', 'c']) reader.read(bytesOf({ tag: 'd', content }));
    expect(seen.map(({ content }) => content)).toEqual(['a', 'b']);
    letGo();
    await held;
    await Promise.resolve();
    expect(seen.map(({ content }) => content)).toEqual(['a', 'b', 'c']);
    expect(busy).toEqual([true, false]);
  });

  it('end with one that fails: what follows would leave a gap', async () => {
    const { reader, seen, errors } = createReader((content) => {
      if (content === 'x') throw new Error('at once');
      return content === 'y' ? Promise.reject(new Error('later')) : undefined;
    });
    reader.read(Buffer.concat([bytesOf({ tag: 'd', content: 'x' }), bytesOf({ tag: 'd', content: 'z' })]));
    const other = createReader((content) => (content === 'y' ? Promise.reject(new Error('later')) : undefined));
    other.reader.read(Buffer.concat([bytesOf({ tag: 'd', content: 'y' }), bytesOf({ tag: 'd', content: 'z' })]));
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toHaveLength(1);
    expect(other.seen).toHaveLength(1);
    expect([...errors, ...other.errors]).toMatchObject([{ message: 'at once' }, { message: 'later' }]);
  });
});
