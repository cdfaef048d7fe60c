import { useMemo, useState } from 'react';
import { useLive, useSeconds } from '../../app/live';
import { setParams, useRoute } from '../../app/router';
import controls from '../../design/controls.module.css';
import { sortRows, type Column, type Sort } from '../../design/columns';
import { DataGrid } from '../../design/DataGrid';
import { formatAge, formatDistance, formatInteger, formatSigned } from '../../design/format';
import panel from '../../design/panel.module.css';
import { Quiet } from '../../design/Quiet';
import { SearchField } from '../../design/SearchField';
import { StatusMark } from '../../design/StatusMark';
import { StreamState } from '../../design/StreamState';
import { When } from '../../design/When';
import type { VehicleRow } from '../../model/fleet-store';
import { isSilent, STANDING_HEALTH, STANDING_WORDS, standingOf, type Standing } from '../../model/vehicle-standing';

const KMH_PER_MPS = 3.6;
const idOf = ({ id }: VehicleRow): string => id;
/** What asks for attention first. */
const URGENCY: Readonly<Record<Standing, number>> = { off_route: 3, late: 2, on_route: 1, idle: 0 };
const urgencyOf = ({ state }: VehicleRow): number => URGENCY[standingOf(state)];

function columnsAt(event_now_ms: number, speed: number): readonly Column<VehicleRow>[] {
  return [
    {
      id: 'vehicle',
      title: 'Vehicle',
      track: 'minmax(76px, 1fr)',
      cell: ({ id }) => <code>{id}</code>,
      order: (a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }),
    },
    {
      id: 'standing',
      title: 'Standing',
      track: 'minmax(104px, 1.2fr)',
      cell: ({ state }) => <VehicleStanding state={state} silent={isSilent(state, event_now_ms, speed)} />,
      order: (a, b) => urgencyOf(a) - urgencyOf(b),
    },
    {
      id: 'depot',
      title: 'Depot',
      track: 'minmax(80px, 1fr)',
      from_px: 700,
      cell: ({ state }) => state.depot_id ?? '–',
    },
    {
      id: 'speed',
      title: 'Speed',
      track: '88px',
      end: true,
      from_px: 450,
      cell: ({ state }) => <code>{formatInteger(state.speed_mps * KMH_PER_MPS)} km/h</code>,
      order: (a, b) => a.state.speed_mps - b.state.speed_mps,
    },
    {
      id: 'left',
      title: 'To go',
      track: '84px',
      end: true,
      from_px: 530,
      cell: ({ state }) => <code>{state.eta_ms === null ? '–' : formatDistance(state.remaining_m)}</code>,
      order: (a, b) => a.state.remaining_m - b.state.remaining_m,
    },
    {
      id: 'eta',
      title: 'Arrives',
      track: '76px',
      end: true,
      from_px: 360,
      cell: ({ state }) => (state.eta_ms === null ? '–' : <When at_ms={state.eta_ms} to="minute" />),
      order: (a, b) => (a.state.eta_ms ?? 0) - (b.state.eta_ms ?? 0),
    },
    {
      id: 'delay',
      title: 'Delay',
      track: '84px',
      end: true,
      cell: ({ state }) => <code>{state.eta_ms === null ? '–' : formatSigned(state.delay_ms)}</code>,
      order: (a, b) => a.state.delay_ms - b.state.delay_ms,
    },
    {
      id: 'fix',
      title: 'Last fix',
      track: '84px',
      end: true,
      from_px: 620,
      cell: ({ state }) => <span className="muted">{formatAge(event_now_ms - state.event_ms)}</span>,
      order: (a, b) => a.state.event_ms - b.state.event_ms,
    },
  ];
}

/** How a vehicle stands, and whether what is shown of it is old. */
export function VehicleStanding({ state, silent }: { state: VehicleRow['state']; silent: boolean }) {
  const standing = standingOf(state);
  if (silent) return <StatusMark health="unknown" word={`silent, was ${STANDING_WORDS[standing]}`} />;
  return <StatusMark health={STANDING_HEALTH[standing]} word={STANDING_WORDS[standing]} />;
}

/** The fleet as a table: for keyboards, screen readers, and browsers that draw no map. */
export function FleetTable({ selected, onSelect }: { selected: string | null; onSelect: (id: string | null) => void }) {
  const { stores } = useLive();
  const second = useSeconds();
  const { params } = useRoute();
  const [sort, setSort] = useState<Sort>({ column: 'standing', down: true });
  const query = (params.get('q') ?? '').toLowerCase();
  const { fleet, clock } = stores;
  const event_now_ms = clock.event_now_ms('fleet');
  // Once a second: a table that is being read doesn't run.
  const { rows, columns } = useMemo(() => {
    const columns = columnsAt(event_now_ms, clock.speedOf('fleet'));
    const fitting = [...fleet.vehicles.values()].filter(({ id }) => id.toLowerCase().includes(query));
    return { rows: sortRows(fitting, columns, sort), columns };
  }, [fleet, fleet.vehicles.size, second, sort, query]);
  return (
    <section className={panel['panel']} aria-label="Vehicles">
      <div className={controls['toolbar']}>
        <SearchField label="Search vehicle" value={params.get('q') ?? ''} onChange={(text) => setParams({ q: text })} />
      </div>
      <DataGrid
        label="Vehicles"
        columns={columns}
        rows={rows}
        idOf={idOf}
        selected={selected}
        onSelect={onSelect}
        sort={sort}
        onSort={setSort}
        empty={
          query === '' ? (
            <StreamState stream="fleet.vehicles" empty="No vehicle has sent a fix yet." />
          ) : (
            <Quiet>No vehicle fits.</Quiet>
          )
        }
      />
    </section>
  );
}
