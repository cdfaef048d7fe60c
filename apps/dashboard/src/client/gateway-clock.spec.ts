import { GatewayClock } from './gateway-clock';

describe('GatewayClock', () => {
  test("a browser whose clock is hours off shows the gateway's time", () => {
    let local_ms = 500;
    const clock = new GatewayClock(
      () => local_ms,
      () => 9_000_000,
    );
    clock.observe({ measured_ms: 1_000, event_clock_ms: 1_000 });
    local_ms += 250;
    expect(clock.now_ms()).toBe(1_250);
    expect(clock.event_now_ms('payments')).toBe(1_250);
  });

  test('recorded data at 60 x moves its own event clock 60 times as fast, and no other', () => {
    let local_ms = 0;
    const clock = new GatewayClock(
      () => local_ms,
      () => 0,
    );
    clock.observe({ measured_ms: 1_000, event_clock_ms: 1_000, event_clocks_ms: { payments: 100_000 } });
    local_ms = 1_000;
    clock.observe({ measured_ms: 2_000, event_clock_ms: 2_000, event_clocks_ms: { payments: 160_000 } });
    local_ms = 1_500;
    expect(clock.speedOf('payments')).toBe(60);
    expect(clock.event_now_ms('payments')).toBe(190_000);
    expect(clock.speedOf('fleet')).toBe(1);
    expect(clock.event_now_ms('fleet')).toBe(2_500);
  });

  test('while the connection is lost the event clock stands, and ages go on', () => {
    let local_ms = 0;
    const clock = new GatewayClock(
      () => local_ms,
      () => 0,
    );
    clock.observe({ measured_ms: 1_000, event_clock_ms: 1_000 });
    local_ms = 100;
    clock.stop();
    local_ms = 60_000;
    expect(clock.event_now_ms('payments')).toBe(1_100);
    expect(clock.now_ms()).toBe(61_000);
    clock.goOn();
    expect(clock.event_now_ms('payments')).toBe(61_000);
  });

  test("a pulse's jitter is not taken for speed", () => {
    const clock = new GatewayClock(
      () => 0,
      () => 0,
    );
    clock.observe({ measured_ms: 1_000, event_clock_ms: 1_000 });
    clock.observe({ measured_ms: 2_000, event_clock_ms: 2_040 });
    expect(clock.speedOf('stock')).toBe(1);
  });
});
