import { useEffect, useRef, useState } from 'react';
import { useLive, useSeconds } from '../../app/live';
import { useShownTheme } from '../../app/preferences';
import { formatMoney, formatTime } from '../../design/format';
import type { Stores } from '../../model/stores';
import type { Dot } from '../../model/decision-dots';
import { drawDots, drawRing, findDot, type DotsFrame, type Palette } from './dots-picture';
import styles from './fraud.module.css';
import { VerdictMark } from './verdicts';

const WINDOW_MS = 60_000;
/** As fast as the eye asks for when a minute crosses a screen; a full frame rate would draw the same pixels again. */
const DRAW_EVERY_MS = 66;

const idOf = ({ partition, offset }: Dot): string => `${partition}.${offset}`;

function paletteOf(element: Element): Palette {
  const css = getComputedStyle(element);
  const colour = (name: string) => css.getPropertyValue(`--${name}`);
  return {
    allow: colour('good'),
    review: colour('watch'),
    block: colour('bad'),
    line: colour('line'),
    muted: colour('muted'),
    text: colour('text'),
    ground: colour('panel'),
  };
}

/** One minute of decisions as dots. A click opens the decision; the table below says the same to who can't see it. */
export function DotsChart({
  selected,
  paused,
  onSelect,
}: {
  selected: string | null;
  paused: boolean;
  onSelect: (id: string) => void;
}) {
  const { stores } = useLive();
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<DotsFrame | null>(null);
  const [hovered, setHovered] = useState<Dot | null>(null);
  useDrawing({ canvas, frame, stores, selected: hovered === null ? selected : idOf(hovered), paused });
  useSeconds();

  const dotAt = (event: React.MouseEvent): Dot | null =>
    frame.current && findDot(stores.fraud.dots, frame.current, event.nativeEvent.offsetX, event.nativeEvent.offsetY);

  return (
    <section className={styles['dots']} aria-label="One minute of decisions">
      <canvas
        ref={canvas}
        role="img"
        aria-label="One minute of decisions by time and amount. The table below lists them."
        style={{ cursor: hovered === null ? 'default' : 'pointer' }}
        onMouseMove={(event) => setHovered(dotAt(event))}
        onMouseLeave={() => setHovered(null)}
        onClick={(event) => {
          const dot = dotAt(event);
          if (dot !== null) onSelect(idOf(dot));
        }}
      />
      <p className={styles['dotsKey']} aria-hidden="true">
        {hovered === null ? (
          'Amount over the last minute'
        ) : (
          <>
            {formatTime(hovered.event_ms)} {formatMoney(hovered.amount_minor, hovered.currency)}{' '}
            <VerdictMark verdict={hovered.verdict} />
          </>
        )}
      </p>
    </section>
  );
}

interface Drawing {
  readonly canvas: React.RefObject<HTMLCanvasElement | null>;
  readonly frame: React.RefObject<DotsFrame | null>;
  readonly stores: Stores;
  readonly selected: string | null;
  readonly paused: boolean;
}

/** Draws outside React while the page is in sight; a paused or lost minute stands still. */
function useDrawing({ canvas, frame, stores, selected, paused }: Drawing): void {
  const theme = useShownTheme();
  const until = useRef(0);
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d') ?? null;
    if (element === null || context === null) return undefined;
    let running = true;
    let drawn_ms = 0;
    const draw = (now_ms: number) => {
      if (!running) return;
      requestAnimationFrame(draw);
      if (now_ms - drawn_ms < DRAW_EVERY_MS) return;
      drawn_ms = now_ms;
      const { clock, fraud } = stores;
      if (!paused || until.current === 0) until.current = clock.event_now_ms('payments');
      frame.current = fitCanvas(element, context, until.current, WINDOW_MS * clock.speedOf('payments'));
      const palette = paletteOf(element);
      drawDots(context, fraud.dots, frame.current, palette);
      const dot = selected === null ? null : findSelected(stores, selected, frame.current);
      if (dot !== null) drawRing(context, dot, frame.current, palette);
    };
    requestAnimationFrame(draw);
    return () => {
      running = false;
    };
  }, [canvas, frame, stores, selected, paused, theme]);
}

function findSelected({ fraud }: Stores, id: string, frame: DotsFrame): Dot | null {
  let found: Dot | null = null;
  fraud.dots.forEachSince(frame.until_ms - frame.window_ms, (slot) => {
    const dot = fraud.dots.dotAt(slot);
    if (idOf(dot) === id) found = dot;
  });
  return found;
}

/** Fits the pixels to the screen's; returns the measures in CSS pixels. */
function fitCanvas(
  element: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  until_ms: number,
  window_ms: number,
): DotsFrame {
  const ratio = window.devicePixelRatio;
  const { clientWidth: width, clientHeight: height } = element;
  if (element.width !== Math.round(width * ratio) || element.height !== Math.round(height * ratio)) {
    element.width = Math.round(width * ratio);
    element.height = Math.round(height * ratio);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { width, height, until_ms, window_ms };
}
