import { defaultRates } from './currency-rates';
import { checkPolicy, type Policy } from './policy';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const REVIEW = 40;
const BLOCK = 80;

/**
 * What `npm start` decides by. A limit says what a card does at most when all is well; how far above it a payment is
 * looked at or stopped is the bank's choice.
 */
export const defaultPolicy: Policy = checkPolicy({
  version: 'default-1',
  rates: defaultRates,
  review_at_points: REVIEW,
  block_at_points: BLOCK,
  payment_limit_minor: 250_00,
  amount_steps: [
    { over: 1, points: REVIEW },
    { over: 3, points: BLOCK },
  ],
  windows: [
    {
      window_ms: MINUTE_MS,
      label: '1 min',
      count: { code: 'card_count_1m', steps: steps(3, 5) },
      sum: { code: 'card_sum_1m', steps: steps(1_500_00, 5_000_00) },
    },
    {
      window_ms: HOUR_MS,
      label: '1 h',
      count: { code: 'card_count_1h', steps: steps(10, 25) },
      sum: { code: 'card_sum_1h', steps: steps(2_500_00, 10_000_00) },
    },
    {
      window_ms: DAY_MS,
      label: '24 h',
      count: { code: 'card_count_24h', steps: steps(30, 80) },
      sum: { code: 'card_sum_24h', steps: steps(5_000_00, 20_000_00) },
    },
  ],
  travel: { max_speed_kmh: 1_000, min_distance_km: 100, points: 60 },
  blocked_card_points: 100,
  blocked_merchant_points: 100,
  foreign_country_points: 20,
  max_age_ms: 3 * DAY_MS,
  max_ahead_ms: 15 * MINUTE_MS,
});

function steps(review_over: number, block_over: number) {
  return [
    { over: review_over, points: REVIEW },
    { over: block_over, points: BLOCK },
  ];
}
