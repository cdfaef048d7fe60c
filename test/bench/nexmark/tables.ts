import { Random } from './random';

const LETTERS = 2 ** 20;
const CHANNELS = 10_000;

export const FIRST_NAMES = 'Peter,Paul,Luke,John,Saul,Vicky,Kate,Julie,Sarah,Deiter,Walter'.split(',');
export const LAST_NAMES = 'Shultz,Abrams,Spencer,White,Bartels,Walton,Smith,Jones,Noris'.split(',');
export const CITIES = 'Phoenix,Los Angeles,San Francisco,Boise,Portland,Bend,Redmond,Seattle,Kent,Cheyenne'.split(',');
export const STATES = 'AZ,CA,ID,OR,WA,WY'.split(',');
export const HOT_CHANNELS = ['Google', 'Facebook', 'Baidu', 'Apple'];
export const CHANNEL_NAMES = Array.from({ length: CHANNELS }, (_, i) => `channel-${i}`);

/** The letters that every free text is a slice of. */
export const POOL = makePool();
export const { hot: HOT_URLS, urls: URLS } = makeUrls();

function makePool(): string {
  const random = new Random(0x6e65786d);
  const letters = Buffer.alloc(LETTERS);
  for (let at = 0; at < LETTERS; at += 1) letters[at] = 97 + random.below(26);
  return letters.toString('latin1');
}

function makeUrls(): { readonly hot: readonly string[]; readonly urls: readonly string[] } {
  const random = new Random(0x75726c73);
  const part = () => {
    let text = '';
    for (let left = 3 + random.below(2); left > 0; left -= 1) {
      text += random.below(13) === 0 ? '_' : String.fromCharCode(97 + random.below(26));
    }
    return text;
  };
  const base = () => `https://www.nexmark.com/${part()}/${part()}/${part()}/item.htm?query=1`;
  const hot = HOT_CHANNELS.map(base);
  const urls = CHANNEL_NAMES.map((_, i) => {
    const url = base();
    return random.below(10) > 0 ? `${url}&channel_id=${Math.abs(reverseBits(i))}` : url;
  });
  return { hot, urls };
}

function reverseBits(word: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit += 1) reversed = (reversed << 1) | ((word >>> bit) & 1);
  return reversed;
}
