import { Command } from 'cmdk';
import { useDeferredValue, useState } from 'react';
import { Modal } from '../design/Modal';
import { useLive, useStreams, useVersion } from './live';
import { pages } from './pages';
import { toggleDensity, toggleTheme } from './preferences';
import { navigate, PAGES } from './router';
import styles from './shell.module.css';

const SHOWN_PER_GROUP = 8;

interface Found {
  readonly id: string;
  readonly label: string;
  readonly note: string;
  readonly run: () => void;
}

/** Ctrl-K: pages, actions, SKUs, vehicles and cards by any part of their name. */
export function CommandPalette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('');
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const groups = useFound(wanted);
  const [chosen, setChosen] = useState('');
  // Results come while one types: what was chosen and is gone gives way to the first.
  const ids = groups.flatMap(({ found }) => found.map(({ id }) => id));
  const value = ids.includes(chosen) ? chosen : (ids[0] ?? '');
  const run = (found: Found) => {
    onClose();
    found.run();
  };
  return (
    <Modal label="Find anything" wide onClose={onClose}>
      <Command
        value={value}
        onValueChange={setChosen}
        shouldFilter={false}
        label="Find anything"
        className={styles['palette']}
        loop
      >
        <Command.Input
          value={text}
          onValueChange={(next) => {
            setText(next);
            setChosen('');
          }}
          placeholder="Find a page, SKU, vehicle or card"
        />
        <Command.List>
          <Command.Empty>Nothing here is called “{text}”.</Command.Empty>
          {groups.map(({ heading, found }) => (
            <Command.Group key={heading} heading={heading}>
              {found.map((each) => (
                <Command.Item key={each.id} value={each.id} onSelect={() => run(each)}>
                  <span>{each.label}</span>
                  <span className={styles['paletteNote']}>{each.note}</span>
                </Command.Item>
              ))}
            </Command.Group>
          ))}
        </Command.List>
      </Command>
    </Modal>
  );
}

function useFound(wanted: string) {
  const { stores, principal } = useLive();
  const { stock, fleet, fraud } = stores;
  const sees = principal.scopes;
  useStreams(
    ...(sees.includes('stock:read') ? (['stock.products'] as const) : []),
    ...(sees.includes('fleet:read') ? (['fleet.vehicles'] as const) : []),
  );
  useVersion(stock);
  useVersion(fleet);

  const places: Found[] = PAGES.map((name, index) => ({
    id: `page ${name}`,
    label: pages[name].title,
    note: `${pages[name].says} · ${index + 1}`,
    run: () => navigate(`/${name}`),
  }));
  const acts: Found[] = [
    { id: 'act theme', label: 'Switch theme', note: 'dark or light · t', run: toggleTheme },
    { id: 'act density', label: 'Switch density', note: 'comfortable or dense rows · d', run: toggleDensity },
  ];
  const groups = [
    { heading: 'Pages', found: matching(places, wanted) },
    { heading: 'View', found: matching(acts, wanted) },
  ];
  if (wanted !== '')
    groups.push(
      {
        heading: 'SKUs',
        found: take(stock.skus.values(), ({ search_text }) => search_text.includes(wanted), skuFound),
      },
      {
        heading: 'Vehicles',
        found: take(fleet.vehicles.values(), ({ id }) => id.toLowerCase().includes(wanted), vehicleFound),
      },
      { heading: 'Cards', found: cardsFound(fraud.decisions.newestFirst(), wanted) },
    );
  return groups.filter(({ found }) => found.length > 0);
}

const matching = (all: readonly Found[], wanted: string): Found[] =>
  all.filter(({ label, note }) => `${label} ${note}`.toLowerCase().includes(wanted));

const skuFound = ({ sku, name }: { sku: string; name: string }): Found => ({
  id: `sku ${sku}`,
  label: sku,
  note: name,
  run: () => navigate(`/stock?sku=${encodeURIComponent(sku)}`),
});

const vehicleFound = ({ id, state }: { id: string; state: { status: string } }): Found => ({
  id: `vehicle ${id}`,
  label: id,
  note: state.status.replaceAll('_', ' '),
  run: () => navigate(`/fleet?vehicle=${encodeURIComponent(id)}`),
});

function take<Row>(rows: Iterable<Row>, fits: (row: Row) => boolean, found: (row: Row) => Found): Found[] {
  const taken: Found[] = [];
  for (const row of rows) {
    if (taken.length === SHOWN_PER_GROUP) break;
    if (fits(row)) taken.push(found(row));
  }
  return taken;
}

/** Cards of the decisions in sight, each once. */
function cardsFound(
  decisions: Iterable<{ record: { request: { card: string; merchant_id: string } } }>,
  wanted: string,
): Found[] {
  const cards = new Map<string, Found>();
  for (const { record } of decisions) {
    const { card, merchant_id } = record.request;
    if (cards.size === SHOWN_PER_GROUP) break;
    if (cards.has(card) || !card.toLowerCase().includes(wanted)) continue;
    const run = () => navigate(`/fraud?q=${encodeURIComponent(card)}`);
    cards.set(card, { id: `card ${card}`, label: card, note: `last at ${merchant_id}`, run });
  }
  return [...cards.values()];
}
