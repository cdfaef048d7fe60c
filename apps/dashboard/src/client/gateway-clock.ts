import type { EventSource } from '@nerveline/contracts';

/** What the flow's pulse says about time. */
export interface ClockReading {
  readonly measured_ms: number;
  readonly event_clock_ms: number;
  readonly event_clocks_ms?: Partial<Record<EventSource, number>> | undefined;
}

const SOURCES: readonly EventSource[] = ['payments', 'stock', 'fleet'];
const MIN_SPAN_MS = 200;
const REAL_TIME_BELOW = 1.2;

/**
 * The gateway's wall clock and the sources' event clocks, carried on between two pulses by the browser's monotonic one:
 * ages are right on a machine whose clock is hours off, and windows are right while recorded data plays at 5,000 x.
 */
export class GatewayClock {
  #reading: (ClockReading & { readonly local_ms: number }) | null = null;
  readonly #speeds = new Map<EventSource, number>();

  #stopped_local_ms: number | null = null;

  constructor(
    private readonly local: () => number = () => performance.now(),
    private readonly wall: () => number = () => Date.now(),
  ) {}

  observe(reading: ClockReading): void {
    const before = this.#reading;
    this.#reading = { ...reading, local_ms: this.local() };
    if (before === null) return;
    const wall_ms = reading.measured_ms - before.measured_ms;
    if (wall_ms < MIN_SPAN_MS) return;
    for (const source of SOURCES) {
      const speed = (eventMs(reading, source) - eventMs(before, source)) / wall_ms;
      // Near 1 it is the pulse's own jitter; below, the source stands still: a window keeps its usual width.
      this.#speeds.set(source, speed < REAL_TIME_BELOW ? 1 : speed);
    }
  }

  /** Event milliseconds for each millisecond of wall time; 1 when data is live. */
  speedOf(source: EventSource): number {
    return this.#speeds.get(source) ?? 1;
  }

  /** While nothing arrives the event clocks stand still, so that a window over the last minute doesn't run empty. */
  stop(): void {
    this.#stopped_local_ms ??= this.local();
  }

  goOn(): void {
    this.#stopped_local_ms = null;
  }

  now_ms(): number {
    const reading = this.#reading;
    return reading === null ? this.wall() : reading.measured_ms + this.local() - reading.local_ms;
  }

  event_now_ms(source: EventSource): number {
    const reading = this.#reading;
    if (reading === null) return this.wall();
    const local_ms = this.#stopped_local_ms ?? this.local();
    return eventMs(reading, source) + (local_ms - reading.local_ms) * this.speedOf(source);
  }
}

const eventMs = (reading: ClockReading, source: EventSource): number =>
  reading.event_clocks_ms?.[source] ?? reading.event_clock_ms;
