import type { Verdict } from '@nerveline/contracts';
import { formatShortTime, formatTime, majorUnits } from '../../design/format';
import type { DecisionDots, Dot } from '../../model/decision-dots';

/** The picture's measures in CSS pixels. */
export interface DotsFrame {
  readonly width: number;
  readonly height: number;
  readonly until_ms: number;
  readonly window_ms: number;
}

const LEFT = 56;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 22;
/** The axis of amounts: from 1 to 10,000 of the currency's major unit, by powers of ten. */
const LOWEST = 1;
const DECADES = 4;
const GRID_STEPS = 6;
/** What a time takes below the chart with some air around it; on a narrow one every second line goes without. */
const LABEL_ROOM_PX = 72;
const REACH_PX = 10;
const TEXT_SHIFT_PX = 4;

const SIZES: Record<Verdict, number> = { allow: 1.6, review: 4, block: 4 };
/** What matters is drawn last, on top. */
const DRAWN: readonly Verdict[] = ['allow', 'review', 'block'];

const xOf = (frame: DotsFrame, event_ms: number): number =>
  LEFT + (1 - (frame.until_ms - event_ms) / frame.window_ms) * (frame.width - LEFT - RIGHT);

function yOf(frame: DotsFrame, amount: number): number {
  const part = Math.log10(Math.max(LOWEST, amount) / LOWEST) / DECADES;
  return frame.height - BOTTOM - Math.min(1, part) * (frame.height - TOP - BOTTOM);
}

const amountOf = ({ amount_minor, currency }: Dot): number => majorUnits(amount_minor, currency);

export type Palette = Readonly<Record<Verdict | 'line' | 'muted' | 'text' | 'ground', string>>;

/** Draws one minute of decisions: time to the right, amount upwards, shape and colour for the verdict. */
export function drawDots(
  context: CanvasRenderingContext2D,
  dots: DecisionDots,
  frame: DotsFrame,
  palette: Palette,
): void {
  context.clearRect(0, 0, frame.width, frame.height);
  drawAxes(context, frame, palette);
  for (const verdict of DRAWN) {
    context.fillStyle = palette[verdict];
    context.globalAlpha = verdict === 'allow' ? 0.75 : 1;
    dots.forEachSince(frame.until_ms - frame.window_ms, (slot, event_ms) => {
      if (dots.verdictAt(slot) !== verdict || event_ms > frame.until_ms) return;
      drawMark(context, verdict, xOf(frame, event_ms), yOf(frame, amountOf(dots.dotAt(slot))));
    });
  }
  context.globalAlpha = 1;
}

/** A ring around the decision that is open. */
export function drawRing(context: CanvasRenderingContext2D, dot: Dot, frame: DotsFrame, palette: Palette): void {
  context.strokeStyle = palette.text;
  context.lineWidth = 1.5;
  context.beginPath();
  context.arc(xOf(frame, dot.event_ms), yOf(frame, amountOf(dot)), 8, 0, 2 * Math.PI);
  context.stroke();
}

function drawMark(context: CanvasRenderingContext2D, verdict: Verdict, x: number, y: number): void {
  const size = SIZES[verdict];
  context.beginPath();
  if (verdict === 'allow') context.arc(x, y, size, 0, 2 * Math.PI);
  else if (verdict === 'block') context.rect(x - size, y - size, 2 * size, 2 * size);
  else {
    context.moveTo(x, y - size - 1);
    context.lineTo(x + size + 1, y + size);
    context.lineTo(x - size - 1, y + size);
  }
  context.fill();
}

function drawAxes(context: CanvasRenderingContext2D, frame: DotsFrame, palette: Palette): void {
  context.font = "12px 'IBM Plex Sans', sans-serif";
  context.fillStyle = palette.muted;
  context.strokeStyle = palette.line;
  context.lineWidth = 1;
  context.textAlign = 'right';
  for (let decade = 0; decade <= DECADES; decade += 1) {
    const y = Math.round(yOf(frame, LOWEST * 10 ** decade)) + 0.5;
    line(context, [LEFT, y], [frame.width - RIGHT, y]);
    context.fillText((LOWEST * 10 ** decade).toLocaleString('en-GB'), LEFT - 8, y + TEXT_SHIFT_PX);
  }
  const step_ms = frame.window_ms / GRID_STEPS;
  const first_ms = Math.ceil((frame.until_ms - frame.window_ms) / step_ms) * step_ms;
  const format = step_ms >= 3_600_000 ? formatShortTime : formatTime;
  const every = Math.ceil((LABEL_ROOM_PX * GRID_STEPS) / (frame.width - LEFT - RIGHT));
  context.textAlign = 'center';
  for (let at_ms = first_ms; at_ms <= frame.until_ms; at_ms += step_ms) {
    const x = Math.round(xOf(frame, at_ms)) + 0.5;
    line(context, [x, TOP], [x, frame.height - BOTTOM]);
    if (Math.round(at_ms / step_ms) % every !== 0) continue;
    if (x > LEFT + 24 && x < frame.width - RIGHT - 24) context.fillText(format(at_ms), x, frame.height - 6);
  }
}

type Point = readonly [x: number, y: number];

function line(context: CanvasRenderingContext2D, from: Point, to: Point): void {
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}

/** The decision under a point; what matters more wins over what is nearer. */
export function findDot(dots: DecisionDots, frame: DotsFrame, x: number, y: number): Dot | null {
  let best: Dot | null = null;
  let best_cost = Infinity;
  dots.forEachSince(frame.until_ms - frame.window_ms, (slot, event_ms) => {
    const dx = xOf(frame, event_ms) - x;
    if (Math.abs(dx) > REACH_PX) return;
    const dot = dots.dotAt(slot);
    const distance = Math.hypot(dx, yOf(frame, amountOf(dot)) - y);
    if (distance > REACH_PX) return;
    const cost = distance + (dot.verdict === 'allow' ? REACH_PX : 0);
    if (cost < best_cost) [best, best_cost] = [dot, cost];
  });
  return best;
}
