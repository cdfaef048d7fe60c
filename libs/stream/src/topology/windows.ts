import { NervelineError } from '@nerveline/kernel';

interface Grace {
  /** How long after its end a window still takes records in. Its result is final only then. Default 0. */
  readonly grace_ms?: number;
}

export interface HoppingWindow {
  readonly kind: 'tumbling' | 'hopping';
  readonly size_ms: number;
  readonly hop_ms: number;
  readonly grace_ms: number;
}

export interface SlidingWindow {
  readonly kind: 'sliding';
  readonly size_ms: number;
  readonly grace_ms: number;
}

export interface SessionWindow {
  readonly kind: 'session';
  readonly gap_ms: number;
  readonly grace_ms: number;
}

export type Window = HoppingWindow | SlidingWindow | SessionWindow;

/**
 * @throws NervelineError `NL-STR-002` when it isn't a whole number of at least `least`
 */
export function checkedOption(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new NervelineError('NL-STR-002', { detail: `${name} is ${value}`, field: name });
}

/** Which records belong together by time. All bounds are epoch ms; all throw `NL-STR-002` for an option that can't be. */
export const window = {
  /** `[0, size)`, `[size, 2 size)`, …: each record in one window. */
  tumbling({ size_ms, grace_ms = 0 }: Grace & { readonly size_ms: number }): HoppingWindow {
    checkedOption('size_ms', size_ms, 1);
    return { kind: 'tumbling', size_ms, hop_ms: size_ms, grace_ms: checkedOption('grace_ms', grace_ms, 0) };
  },

  /** One of `size` each `hop`: each record in `size / hop` windows. */
  hopping(options: Grace & { readonly size_ms: number; readonly hop_ms: number }): HoppingWindow {
    const { size_ms, hop_ms, grace_ms = 0 } = options;
    checkedOption('size_ms', size_ms, 1);
    checkedOption('hop_ms', hop_ms, 1);
    if (hop_ms > size_ms) {
      throw new NervelineError('NL-STR-002', { detail: `hop_ms ${hop_ms} > size_ms ${size_ms}`, field: 'hop_ms' });
    }
    return { kind: 'hopping', size_ms, hop_ms, grace_ms: checkedOption('grace_ms', grace_ms, 0) };
  },

  /**
   * One that ends with each record, and one that begins behind it: `[t - size, t]` and `[t + 1, t + 1 + size]`, both
   * bounds included, those without a record left out. Kafka Streams' definition.
   */
  sliding({ size_ms, grace_ms = 0 }: Grace & { readonly size_ms: number }): SlidingWindow {
    checkedOption('size_ms', size_ms, 1);
    return { kind: 'sliding', size_ms, grace_ms: checkedOption('grace_ms', grace_ms, 0) };
  },

  /** Records of a key with no more than the gap between each two of them (exactly the gap apart is still one session). */
  session({ gap_ms, grace_ms = 0 }: Grace & { readonly gap_ms: number }): SessionWindow {
    checkedOption('gap_ms', gap_ms, 1);
    return { kind: 'session', gap_ms, grace_ms: checkedOption('grace_ms', grace_ms, 0) };
  },
} as const;

/** What a window came to. */
export interface WindowResult<R> {
  readonly start_ms: number;
  /** The first time behind a tumbling or hopping window; the last one in a sliding one; last record + gap of a session. */
  readonly end_ms: number;
  readonly value: R;
  /** False for a result on the way, which later ones of the window replace. */
  readonly final: boolean;
}
