import { createHash } from 'node:crypto';
import { defaultPolicy } from './default-policy';
import { checkPolicy } from './policy';

/** Decisions name the version that decided: another number under the same name would make them a riddle. */
const PUBLISHED = { 'default-1 eur-2026-11': '2d6cd99dc84808b9' };

test('a policy whose numbers change gets another version', () => {
  const { version, rates } = defaultPolicy;
  const hash = createHash('sha256').update(JSON.stringify(defaultPolicy)).digest('hex').slice(0, 16);
  expect(PUBLISHED).toHaveProperty([`${version} ${rates.version}`], hash);
});

test.each([
  ['review above block', { review_at_points: 90 }],
  [
    'steps that fall',
    {
      amount_steps: [
        { over: 3, points: 40 },
        { over: 1, points: 80 },
      ],
    },
  ],
  [
    'a longest window whose count never blocks',
    { windows: defaultPolicy.windows.map((window) => ({ ...window, count: { ...window.count, steps: [] } })) },
  ],
])('a policy with %s is refused', (_name, wrong) => {
  expect(() => checkPolicy({ ...defaultPolicy, ...wrong })).toThrow(expect.objectContaining({ code: 'NL-KRN-001' }));
});
