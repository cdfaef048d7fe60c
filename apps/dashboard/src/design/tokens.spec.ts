import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const css = readFileSync(join(__dirname, 'tokens.css'), 'utf8');

function colours(block: string): Map<string, string> {
  const start = css.indexOf(block);
  const body = css.slice(start, css.indexOf('}', start));
  return new Map([...body.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', value = '']) => [name, value]));
}

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

describe.each([
  ['dark', ':root {'],
  ['light', ":root[data-theme='light'] {"],
])('the %s theme', (_theme, block) => {
  const palette = colours(block);
  const of = (name: string) => palette.get(name) ?? 'missing';

  test.each(['ground', 'panel', 'raised'])('text on %s has a contrast of at least 4.5:1', (ground) => {
    for (const text of ['text', 'muted', 'accent', 'good', 'watch', 'bad', 'unknown']) {
      // A token that is missing has no luminance, and the comparison fails.
      const ratio = contrast(of(text), of(ground));
      expect({ text, enough: ratio >= 4.5 }).toEqual({ text, enough: true });
    }
  });

  test('text on the accent and on a failing row can be read', () => {
    expect(contrast(of('on-accent'), of('accent'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of('text'), of('bad-ground'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of('muted'), of('bad-ground'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of('muted'), of('accent-ground'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of('accent'), of('accent-ground'))).toBeGreaterThanOrEqual(4.5);
  });

  test('charts and the borders of controls are seen: 3:1', () => {
    for (const mark of ['series-2', 'series-3', 'series-4', 'control-line']) {
      expect({ mark, enough: contrast(of(mark), of('panel')) >= 3 }).toEqual({ mark, enough: true });
    }
  });
});
