import { distanceM, Driver } from './driver';
import { Random } from './random';

/** 1 km to the north in 100 s. */
const NORTH = {
  plan_version: 1,
  geometry: [
    [8, 49],
    [8, 49.0045],
    [8, 49.00899],
  ],
  duration_ms: 100_000,
} as const;

const driverOn = () => {
  const driver = new Driver('V-1', new Random(1, 'driver'));
  driver.follow(NORTH);
  return driver;
};

test('a driver arrives when the plan says so', () => {
  const driver = driverOn();
  driver.advance(99_000, 1);
  expect(driver.arrived).toBe(false);
  driver.advance(2_000, 1);
  expect(driver.arrived).toBe(true);
});

test('in a jam it takes longer', () => {
  const driver = driverOn();
  driver.advance(101_000, 0.5);
  expect(driver.arrived).toBe(false);
});

test('the receiver is a few metres off, not more', () => {
  const driver = driverOn();
  driver.advance(50_000, 1);
  const fix = driver.fix(1);
  const off_m = distanceM(driver.place ?? [0, 0], [fix?.lon ?? 0, fix?.lat ?? 0]);
  expect(off_m).toBeLessThan(25);
  expect(fix?.heading_deg).toBeCloseTo(0, 3);
});

test('another way is taken from where the driver is, not from its start', () => {
  const driver = driverOn();
  driver.advance(50_000, 1);
  driver.follow({ ...NORTH, plan_version: 2 });
  expect(distanceM(driver.place ?? [0, 0], [8, 49.0045])).toBeLessThan(5);
});
