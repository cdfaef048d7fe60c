import { z } from 'zod';
import { Topology, TopologyDriver, window, type TimeSettings } from './index';

const ticks = { name: 'ticks', partitions: 2, schema: z.object({ at_ms: z.number() }) };
const counts = { name: 'counts', schema: z.string() };
type Tick = z.infer<typeof ticks.schema>;

function counting(time: TimeSettings<Tick>): Topology {
  const topology = new Topology();
  topology
    .stream(ticks, time)
    .keyBy(() => 'all')
    .window(window.tumbling({ size_ms: 10 }), {})
    .count({ name: 'by ten' })
    .map(({ start_ms, value }) => `${start_ms}: ${value}`)
    .to(counts);
  return topology;
}

const eventTime: TimeSettings<Tick> = { timestamp_ms: ({ at_ms }) => at_ms };
const tick = (at_ms: number, partition = 0) => ({ value: { at_ms }, partition });
const lines = (driver: TopologyDriver) => driver.read(counts).map(({ value }) => value);

test('a window stays open until every partition has passed its end', () => {
  const driver = new TopologyDriver(counting(eventTime));
  driver.pipe(ticks, tick(1), tick(25));
  expect(lines(driver)).toEqual([]);
  driver.pipe(ticks, tick(9, 1));
  expect(lines(driver)).toEqual([]);
  driver.pipe(ticks, tick(10, 1));
  expect(lines(driver)).toEqual(['0: 2']);
});

test('a partition that is idle holds nobody up; what it brings after its windows were closed is late, and counted', () => {
  const driver = new TopologyDriver(counting({ ...eventTime, idle_after_ms: 1_000 }));
  driver.pipe(ticks, tick(1));
  driver.advanceClock(900);
  driver.pipe(ticks, tick(25));
  driver.advanceClock(99);
  expect(lines(driver)).toEqual([]);
  driver.advanceClock(1);
  expect(lines(driver)).toEqual(['0: 1']);
  driver.pipe(ticks, tick(3, 1), tick(26, 1));
  driver.advanceWatermark(40);
  expect(lines(driver)).toEqual(['20: 2']);
  expect(driver.counts('by ten')).toEqual({ late: 1, late_for_some: 0 });
});

test('windows over processing time close by the clock', () => {
  const driver = new TopologyDriver(counting({ time: 'processing' }), { start_ms: 100 });
  driver.pipe(ticks, tick(1), tick(2, 1));
  driver.advanceClock(9);
  expect(lines(driver)).toEqual([]);
  driver.advanceClock(1);
  expect(lines(driver)).toEqual(['100: 2']);
});

test('what was not committed never was: after a crash it is read again, and its outputs show once', () => {
  const driver = new TopologyDriver(counting(eventTime), { commit: 'by hand' });
  driver.pipe(ticks, tick(1), tick(2, 1));
  driver.commit();
  driver.pipe(ticks, tick(3), tick(12), tick(12, 1));
  expect(lines(driver)).toEqual([]);
  driver.crash();
  driver.crash();
  expect(lines(driver)).toEqual([]);
  driver.commit();
  expect(lines(driver)).toEqual(['0: 3']);
  driver.crash();
  driver.advanceWatermark(20);
  driver.commit();
  expect(lines(driver)).toEqual(['10: 2']);
});

test('what is late stays late after a crash', () => {
  const driver = new TopologyDriver(counting(eventTime));
  driver.pipe(ticks, tick(1), tick(30), tick(30, 1));
  expect(lines(driver)).toEqual(['0: 1']);
  driver.crash();
  expect(driver.watermark_ms).toBe(30);
  driver.pipe(ticks, tick(2));
  driver.advanceWatermark(40);
  expect(lines(driver)).toEqual(['30: 2']);
  expect(driver.counts('by ten').late).toBe(1);
});

test('reading by time waits for a partition that has nothing, and takes the oldest record first', () => {
  const topology = new Topology();
  topology
    .stream(ticks, eventTime)
    .map(({ at_ms }) => String(at_ms))
    .to(counts);
  const driver = new TopologyDriver(topology, { order: 'by time' });
  driver.pipe(ticks, tick(5), tick(8));
  expect(lines(driver)).toEqual([]);
  driver.pipe(ticks, tick(6, 1));
  expect(lines(driver)).toEqual(['5', '6']);
  driver.crash();
  driver.end();
  expect(lines(driver)).toEqual(['8']);
});
