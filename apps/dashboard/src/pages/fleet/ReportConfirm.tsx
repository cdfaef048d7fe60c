import { useState } from 'react';
import { useLive } from '../../app/live';
import controls from '../../design/controls.module.css';
import { cx } from '../../design/cx';
import { formatCount, formatInteger } from '../../design/format';
import { Modal } from '../../design/Modal';
import { roadName, segmentsOf, type Road } from '../../model/road-map';
import { trafficRequestOf, type Report } from './report';
import styles from './fleet.module.css';

const TITLES = { closure: 'Close', jam: 'Report a jam on', cleared: 'Free' } as const;
const VERBS = { closure: 'Close the road', jam: 'Report the jam', cleared: 'It is over' } as const;

/** A second look before the router acts on it: what is meant, and whom it hits. */
export function ReportConfirm({
  report,
  roads,
  onClose,
}: {
  report: Report;
  roads: readonly Road[];
  onClose: (done: boolean) => void;
}) {
  const { client, stores } = useLive();
  const [state, setState] = useState<
    { kind: 'ready' | 'asking' } | { kind: 'failed'; detail: string } | { kind: 'done'; hit: number }
  >({ kind: 'ready' });
  const segment_ids = report.segment_ids ?? segmentsOf(roads);
  const name = roads[0] === undefined ? 'the road' : roadName(roads[0]);
  const planned = stores.fleet.vehiclesOver(segment_ids).length;

  const send = async () => {
    setState({ kind: 'asking' });
    const request = trafficRequestOf(report, segment_ids, stores.clock.event_now_ms('fleet'));
    const answer = await client.command('fleet.report_traffic', request, report.key);
    setState(
      answer.ok ? { kind: 'done', hit: answer.value.vehicles_hit.length } : { kind: 'failed', detail: answer.detail },
    );
  };

  return (
    <Modal label={`${TITLES[report.kind]} ${name}`} onClose={() => onClose(state.kind === 'done')}>
      <div className={styles['confirm']}>
        <h2>
          {TITLES[report.kind]} <bdi>{name}</bdi>
        </h2>
        <p>
          {formatInteger(segment_ids.length)}{' '}
          {segment_ids.length === 1 ? 'segment' : 'segments, each direction counted'}
          {report.kind !== 'cleared' &&
            (report.lasts_minutes === null ? ', until somebody ends it' : `, for ${report.lasts_minutes} min`)}
          .{' '}
          {planned === 0
            ? 'No planned way runs over it.'
            : `${formatInteger(planned)} planned ways run over it; the router looks for better ones at once.`}
        </p>
        <p className="muted">
          “<bdi>{report.reason}</bdi>”
        </p>
        {state.kind === 'failed' && (
          <p role="alert" className={styles['problem']}>
            {state.detail}
          </p>
        )}
        {state.kind === 'done' && <p role="status">Done. It hits {formatCount(state.hit, 'vehicle')}.</p>}
        <footer>
          <button type="button" className={controls['button']} onClick={() => onClose(state.kind === 'done')}>
            {state.kind === 'done' ? 'Close' : 'Cancel'}
          </button>
          {state.kind !== 'done' && (
            <button
              type="button"
              className={cx(controls['button'], controls['primary'])}
              disabled={state.kind === 'asking'}
              onClick={() => void send()}
            >
              {state.kind === 'asking' ? 'Sending' : VERBS[report.kind]}
            </button>
          )}
        </footer>
      </div>
    </Modal>
  );
}
