import type { FlowStage, Health } from '@nerveline/contracts';
import { Keyboard, Moon, Rows3, Rows4, Search, Sun } from 'lucide-react';
import { formatDuration, formatInstant, formatInteger, formatRate, formatTime } from '../design/format';
import { IconButton } from '../design/IconButton';
import { StatusMark } from '../design/StatusMark';
import { PULSE_STALE_AFTER_MS } from '../model/flow-store';
import { useLive, useSeconds, useVersion } from './live';
import { toggleDensity, toggleTheme, usePreferences, useShownTheme } from './preferences';
import { Link } from './router';
import styles from './shell.module.css';

const ORDER: readonly FlowStage['kind'][] = ['source', 'relay', 'log', 'service', 'clients'];
const UNITS: Record<FlowStage['kind'], string> = {
  source: 'tx/s',
  relay: 'ev/s',
  log: 'ev/s',
  service: 'ev/s',
  clients: '',
};

/** What a stage says of itself in one word: services tell how old an event is when they are done, others how many come. */
function figureOf({ kind, rate_per_s, age_p50_ms }: FlowStage, clients: number): string | null {
  if (kind === 'clients') return formatInteger(clients);
  if ((kind === 'relay' || kind === 'service') && age_p50_ms !== null) return formatDuration(age_p50_ms);
  return rate_per_s === null ? null : `${formatRate(rate_per_s)} ${UNITS[kind]}`;
}

/** The platform's pulse on top of every page, and the way into Flow. */
export function StatusStrip({ onPalette, onShortcuts }: { onPalette: () => void; onShortcuts: () => void }) {
  const light = useShownTheme() === 'light';
  const dense = usePreferences().density === 'dense';
  return (
    <header className={styles['strip']}>
      <Pulse />
      <div className={styles['stripTools']}>
        <ConnectionWord />
        <IconButton
          icon={light ? Moon : Sun}
          label={light ? 'Dark theme' : 'Light theme'}
          title="Theme (t)"
          onClick={toggleTheme}
        />
        <IconButton
          icon={dense ? Rows3 : Rows4}
          label={dense ? 'Comfortable rows' : 'Dense rows'}
          title="Density (d)"
          className={styles['roomy']}
          onClick={toggleDensity}
        />
        <IconButton icon={Search} label="Find anything" title="Find (Ctrl-K)" onClick={onPalette} />
        <IconButton
          icon={Keyboard}
          label="Keyboard shortcuts"
          title="Keyboard (?)"
          className={styles['roomy']}
          onClick={onShortcuts}
        />
      </div>
    </header>
  );
}

function Pulse() {
  const { stores, principal } = useLive();
  useVersion(stores.flow);
  useSeconds();
  const { status, pulse_age_ms } = stores.flow;
  if (!principal.scopes.includes('ops:read')) return <div className={styles['pulse']} />;
  if (status === undefined) return <div className={styles['pulse']}>Waiting for the pulse</div>;
  const stale = pulse_age_ms !== null && pulse_age_ms > PULSE_STALE_AFTER_MS;
  const groups = ORDER.map((kind) => status.stages.filter((stage) => stage.kind === kind)).filter(
    (group) => group.length > 0,
  );
  return (
    <nav className={styles['pulse']} aria-label="The flow" data-stale={stale}>
      {stale && <span className={styles['pulseAge']}>{formatDuration(pulse_age_ms)} old</span>}
      <ol>
        {groups.map((group) => (
          <li key={group[0]?.kind}>
            {group.map((stage) => (
              <PulseStage key={stage.id} stage={stage} figure={figureOf(stage, status.clients)} />
            ))}
          </li>
        ))}
      </ol>
      <PulseSummary stages={status.stages} />
    </nav>
  );
}

function PulseStage({ stage, figure }: { stage: FlowStage; figure: string | null }) {
  return (
    <Link
      to={`/flow?stage=${encodeURIComponent(stage.id)}`}
      className={styles['pulseStage']}
      title={`${stage.label}: ${stage.detail}`}
    >
      <StatusMark health={stage.health} label={stage.health} />
      <span>{stage.label}</span>
      {figure !== null && <span className={styles['pulseFigure']}>{figure}</span>}
    </Link>
  );
}

const WORST: readonly Health[] = ['bad', 'watch', 'unknown', 'good'];

/** On a narrow screen: the worst of all, in one word. */
function PulseSummary({ stages }: { stages: readonly FlowStage[] }) {
  const worst = WORST.find((health) => stages.some((stage) => stage.health === health)) ?? 'unknown';
  const those = stages.filter(({ health }) => health === worst);
  const word =
    worst === 'good' ? `all ${stages.length} stages good` : `${those.map(({ label }) => label).join(', ')}: ${worst}`;
  return (
    <Link to="/flow" className={styles['pulseSummary']}>
      <StatusMark health={worst} word={word} />
    </Link>
  );
}

function ConnectionWord() {
  const { stores } = useLive();
  useVersion(stores.connection);
  const { connection, behind } = stores.connection;
  return (
    <span className={styles['connection']} role="status">
      {connection.phase === 'live' && behind === 0 && <StatusMark health="good" word="live" />}
      {connection.phase === 'live' && behind > 0 && (
        <StatusMark health="watch" word={`catching up with ${formatInteger(behind)} events`} />
      )}
      {connection.phase === 'connecting' && <StatusMark health="unknown" word="connecting" />}
      {connection.phase === 'offline' && (
        <span title={formatInstant(connection.since_ms)}>
          <StatusMark health="bad" word={`offline since ${formatTime(connection.since_ms)}`} />
        </span>
      )}
      {connection.phase === 'refused' && <StatusMark health="bad" word="signed out" />}
    </span>
  );
}
