import { formatTable } from './table';

test('numbers stand to the right, text to the left, nothing is cut', () => {
  expect(
    formatTable(
      ['topic', 'records'],
      [
        ['fraud.decisions', 12],
        ['relay.progress', 3456],
      ],
    ),
  ).toBe(
    [
      'topic            records',
      '---------------  -------',
      'fraud.decisions       12',
      'relay.progress      3456',
    ].join('\n'),
  );
});

test('no rows are a header', () => {
  expect(formatTable(['a', 'b'], [])).toBe('a  b\n-  -');
});

test('null is an empty cell, not a word', () => {
  expect(formatTable(['x'], [[null]]).split('\n')[2]).toBe('');
});
