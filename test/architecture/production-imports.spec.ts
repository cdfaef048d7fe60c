import { FOUNDATIONS, importersOf } from './production-imports';
import { trackedFiles } from './tidiness';

const files = trackedFiles();

/** `apps/live-gateway 3, libs/log 1` */
function placesOf(importers: readonly string[]): string {
  const places = new Map<string, number>();
  for (const path of importers) {
    const place = path.split('/', 2).join('/');
    places.set(place, (places.get(place) ?? 0) + 1);
  }
  return [...places].map(([place, count]) => `${place} ${count}`).join(', ');
}

test.each(
  FOUNDATIONS.map((name) => {
    const importers = importersOf(name, files);
    return { name, importers, places: placesOf(importers) };
  }),
)('the platform stands on $name, files by place: $places', ({ importers }) => {
  expect(importers).not.toEqual([]);
});

describe('what carries nothing is no import', () => {
  const file = (path: string, text: string) => [{ path, text }];

  test.each([
    ['of types alone', 'libs/log/src/a.ts', "import type { Kafka } from 'kafkajs';"],
    ['of types in braces', 'libs/log/src/a.ts', "import { type Kafka, type Consumer } from 'kafkajs';"],
    ['in a test', 'libs/log/src/a.spec.ts', "import { Kafka } from 'kafkajs';"],
    ['in test/', 'test/integration/a.ts', "import { Kafka } from 'kafkajs';"],
    ['in what only tests import', 'libs/testing/src/a.ts', "import { Kafka } from 'kafkajs';"],
    ['of a package with a longer name', 'libs/log/src/a.ts', "import { x } from 'kafkajs-zstd';"],
  ])('one %s', (_name, path, text) => {
    expect(importersOf('kafkajs', file(path, text))).toEqual([]);
  });

  test.each([
    ["import { Kafka } from 'kafkajs';"],
    ["import {\n  type Consumer,\n  Kafka,\n} from 'kafkajs';"],
    ["import 'kafkajs';"],
    ["export { Kafka } from 'kafkajs';"],
    ["import x from 'kafkajs/src/errors.js';"],
    ["const { Kafka } = await import('kafkajs');"],
  ])('but this is one: %j', (text) => {
    expect(importersOf('kafkajs', file('libs/log/src/a.ts', text))).toEqual(['libs/log/src/a.ts']);
  });
});
