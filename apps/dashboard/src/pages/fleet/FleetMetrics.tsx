import { useLive, useVersion } from '../../app/live';
import { formatInteger } from '../../design/format';
import { StatusMark } from '../../design/StatusMark';
import { STANDING_HEALTH, STANDING_WORDS, standingOf, STANDINGS } from '../../model/vehicle-standing';
import styles from './fleet.module.css';

/** How many stand how: the map's key, with its numbers. */
export function FleetMetrics() {
  const { stores } = useLive();
  useVersion(stores.fleet);
  const counts = { on_route: 0, late: 0, off_route: 0, idle: 0 };
  for (const { state } of stores.fleet.vehicles.values()) counts[standingOf(state)] += 1;
  return (
    <ul className={styles['counts']} aria-label="Vehicles by standing">
      {STANDINGS.map((standing) => (
        <li key={standing}>
          <StatusMark
            health={STANDING_HEALTH[standing]}
            word={
              <>
                <strong>{formatInteger(counts[standing])}</strong> {STANDING_WORDS[standing]}
              </>
            }
          />
        </li>
      ))}
    </ul>
  );
}
