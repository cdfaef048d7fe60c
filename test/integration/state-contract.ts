import { offset } from '@nerveline/kernel';
import type { KeyedStore } from '@nerveline/state';

export interface StatePlace extends AsyncDisposable {
  /** A store of this name; the same name is the same state. */
  open(name: string): Promise<KeyedStore>;
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString();

const write = (key: string, value: string | null, at: number) => ({
  key,
  value: value === null ? null : bytes(value),
  offset: offset(at),
});

const upTo = (next_offset: number, partition = 0) => ({ topic: 't', partition, next_offset: offset(next_offset) });

async function all(store: KeyedStore, prefix: string): Promise<[string, string | undefined][]> {
  const found: [string, string | undefined][] = [];
  for await (const [key, value] of store.scan(prefix)) found.push([key, text(value)]);
  return found;
}

/** What every keyed store promises. */
export function describeStateContract(name: string, openPlace: () => Promise<StatePlace>): void {
  describe(`${name} state`, () => {
    test('what was applied is read by key, in any bytes; what was removed is gone', async () => {
      await using place = await openPlace();
      const store = await place.open('a');
      const value = Buffer.from([0, 255, 10, 13, 0]);
      await store.apply([{ key: 'ключ', value, offset: offset(0) }, write('b', '', 0), write('c', 'x', 0)], upTo(1));
      expect(Buffer.from((await store.get('ключ')) ?? [])).toEqual(value);
      expect(text(await store.get('b'))).toBe('');
      await store.apply([write('c', null, 1)], upTo(2));
      expect(await store.get('c')).toBeUndefined();
      expect(await store.get('never')).toBeUndefined();
    });

    test('many keys are read in one call, in their order', async () => {
      await using place = await openPlace();
      const store = await place.open('a');
      await store.apply([write('a', '1', 0), write('b', '2', 0)], upTo(1));
      expect((await store.getMany(['b', 'none', 'a'])).map(text)).toEqual(['2', undefined, '1']);
      expect(await store.getMany([])).toEqual([]);
    });

    test('a scan gives the keys with a prefix, ordered by their bytes, however many there are', async () => {
      await using place = await openPlace();
      const store = await place.open('a');
      const keys = Array.from({ length: 1_203 }, (_, i) => `demo/${String(i).padStart(5, '0')}`);
      const others = ['demn', 'demo', 'demo0', 'e', '\u{1F600}', '\uFFFD'];
      await store.apply(
        [...keys, ...others].reverse().map((key) => write(key, key, 0)),
        upTo(1),
      );
      expect(await all(store, 'demo/')).toEqual(keys.map((key) => [key, key]));
      expect((await all(store, '')).map(([key]) => key).slice(-2)).toEqual(['\uFFFD', '\u{1F600}']);
      expect(await all(store, 'nothing')).toEqual([]);
    });

    test('writes of one call take effect in their order', async () => {
      await using place = await openPlace();
      const store = await place.open('a');
      await store.apply([write('k', '1', 0), write('k', null, 1), write('k', '2', 2)], upTo(3));
      expect(text(await store.get('k'))).toBe('2');
    });

    test('records that come again change nothing, also when they come in another batch', async () => {
      await using place = await openPlace();
      const store = await place.open('a');
      expect(await store.apply([write('k', 'old', 0), write('k', 'new', 1)], upTo(2))).toBe(true);
      expect(await store.apply([write('k', 'old', 0)], upTo(1))).toBe(false);
      expect(await store.apply([write('k', 'old', 0), write('k', 'new', 1)], upTo(2))).toBe(false);
      expect(text(await store.get('k'))).toBe('new');
      expect(await store.apply([write('k', 'old', 0), write('other', 'newer', 2)], upTo(3))).toBe(true);
      expect([text(await store.get('k')), text(await store.get('other'))]).toEqual(['new', 'newer']);
    });

    test('each input partition has a position of its own, stored with the writes', async () => {
      await using place = await openPlace();
      const store = await place.open('a');
      expect(await store.position('t', 0)).toBe(0);
      await store.apply([write('a', '1', 7)], upTo(8, 0));
      await store.apply([], upTo(3, 1));
      expect([await store.position('t', 0), await store.position('t', 1)]).toEqual([8, 3]);
      expect(await store.apply([write('b', '1', 4)], upTo(5, 1))).toBe(true);
    });

    test('calls that overlap are applied one after another', async () => {
      await using place = await openPlace();
      const store = await place.open('a');
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => store.apply([write('k', `${i}`, i)], upTo(i + 1))),
      );
      const again = await Promise.all([
        store.apply([write('k', 'again', 19)], upTo(20)),
        store.apply([write('k', 'next', 20)], upTo(21)),
        store.apply([write('k', 'double', 20)], upTo(21)),
      ]);
      expect(answers.every(Boolean)).toBe(true);
      expect(again).toEqual([false, true, false]);
      expect(text(await store.get('k'))).toBe('next');
    });

    test('stores of different names know nothing of each other', async () => {
      await using place = await openPlace();
      const [a, b] = [await place.open('a'), await place.open('a.b')];
      await a.apply([write('k', 'a', 0)], upTo(1));
      expect(await b.get('k')).toBeUndefined();
      expect(await b.position('t', 0)).toBe(0);
      expect(await b.apply([write('k', 'b', 0)], upTo(1))).toBe(true);
      expect(text(await a.get('k'))).toBe('a');
    });
  });
}
