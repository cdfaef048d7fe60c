import { Changing } from '../../design/Changing';
import type { Column } from '../../design/columns';
import { formatDuration, formatRate } from '../../design/format';
import { Quantity } from '../../design/Quantity';
import { StatusMark } from '../../design/StatusMark';
import type { SalesPace } from '../../model/sales-pace';
import { freeOf, type SkuRow } from '../../model/stock-store';

const MINUTE_MS = 60_000;
/** Sooner than this somebody should order more. */
const RUNS_OUT_WATCH_MS = 5 * MINUTE_MS;
/** What the columns left of the channels take, and each channel, at least. */
const BEFORE_CHANNELS_PX = 415;
const CHANNEL_PX = 64;

const Units = ({ units }: { units: number }) => (
  <Changing value={units}>
    <Quantity value={units} />
  </Changing>
);

/** How long the free units last at the pace of the last minutes; null when nothing sells. */
export function runsOutMs(row: SkuRow, pace: SalesPace): number | null {
  const per_minute = pace.per_minute.get(row.sku) ?? 0;
  return per_minute <= 0 ? null : (Math.max(0, freeOf(row)) / per_minute) * MINUTE_MS;
}

export function stockColumns(channels: readonly string[], pace: SalesPace): readonly Column<SkuRow>[] {
  const paceOf = (row: SkuRow): number => pace.per_minute.get(row.sku) ?? 0;
  const outOf = (row: SkuRow): number => runsOutMs(row, pace) ?? Infinity;
  const channels_from_px = BEFORE_CHANNELS_PX + channels.length * CHANNEL_PX;
  return [
    {
      id: 'sku',
      title: 'SKU',
      track: 'minmax(70px, 104px)',
      cell: ({ sku }) => <code title={sku}>{sku}</code>,
      order: (a, b) => a.sku.localeCompare(b.sku, 'en', { numeric: true }),
    },
    {
      id: 'name',
      title: 'Name',
      track: 'minmax(120px, 2fr)',
      from_px: 360,
      cell: ({ name }) => <bdi title={name}>{name}</bdi>,
      order: (a, b) => a.name.localeCompare(b.name),
    },
    {
      id: 'on_hand',
      title: 'On hand',
      track: '80px',
      end: true,
      cell: ({ on_hand }) => <Units units={on_hand} />,
      order: (a, b) => a.on_hand - b.on_hand,
    },
    {
      id: 'held',
      title: 'Held',
      track: '60px',
      end: true,
      from_px: 420,
      cell: ({ reserved }) => <Units units={reserved} />,
      order: (a, b) => a.reserved - b.reserved,
    },
    {
      id: 'free',
      title: 'Free',
      track: '68px',
      end: true,
      cell: (row) => <Free units={freeOf(row)} />,
      order: (a, b) => freeOf(a) - freeOf(b),
    },
    ...channels.map((channel) => channelColumn(channel, channels_from_px)),
    {
      id: 'pace',
      title: 'Sold / min',
      track: '84px',
      end: true,
      from_px: channels_from_px + 90,
      cell: (row) => <code>{paceOf(row) === 0 ? '–' : formatRate(paceOf(row))}</code>,
      order: (a, b) => paceOf(a) - paceOf(b),
    },
    {
      id: 'out',
      title: 'Runs out',
      track: '84px',
      end: true,
      from_px: channels_from_px + 180,
      cell: (row) => <RunsOut row={row} pace={pace} />,
      order: (a, b) => outOf(a) - outOf(b) || 0,
    },
  ];
}

function channelColumn(channel: string, from_px: number): Column<SkuRow> {
  const availableOf = (row: SkuRow): number => row.channels.get(channel)?.available ?? -1;
  return {
    id: `channel:${channel}`,
    title: channel,
    track: `minmax(${CHANNEL_PX}px, 84px)`,
    end: true,
    from_px,
    cell: (row) => {
      const level = row.channels.get(channel);
      if (level === undefined) return <span className="muted">–</span>;
      return level.sold_out ? <SoldOut /> : <Units units={level.available} />;
    },
    order: (a, b) => availableOf(a) - availableOf(b),
  };
}

const SoldOut = () => (
  <span title="sold out">
    <StatusMark health="bad" word={<code>0</code>} label="sold out" />
  </span>
);

function Free({ units }: { units: number }) {
  if (units > 0) return <Units units={units} />;
  return <StatusMark health="bad" word={<Units units={units} />} label="none free" />;
}

function RunsOut({ row, pace }: { row: SkuRow; pace: SalesPace }) {
  const out_ms = runsOutMs(row, pace);
  if (row.levels.size > 0 && freeOf(row) <= 0) return <span className="muted">now</span>;
  if (out_ms === null) return <span className="muted">–</span>;
  const lasts = <code>{formatDuration(out_ms)}</code>;
  return out_ms < RUNS_OUT_WATCH_MS ? <StatusMark health="watch" word={lasts} label="soon" /> : lasts;
}
