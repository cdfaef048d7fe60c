import { looksLikeCardNumber } from './card-number';

test.each([
  '4111111111111111',
  '4111 1111 1111 1111',
  '4111-1111-1111-1111',
  '378282246310005',
  '６０１１１１１１１１１１１１１７',
  '6759649826438453',
])('%s is a card number', (text) => {
  expect(looksLikeCardNumber(text)).toBe(true);
});

test.each(['4111111111111112', 'card-596', '596', 'tok_4111111111111111', '41111111111111111111', ''])(
  '%s is a token',
  (text) => {
    expect(looksLikeCardNumber(text)).toBe(false);
  },
);
