import { Link, setParams } from '../../app/router';
import { useTrace } from '../../app/use-trace';
import controls from '../../design/controls.module.css';
import { DetailPanel, DetailSection, Fact, Facts } from '../../design/DetailPanel';
import { LifeLine } from '../../design/LifeLine';

/** The life of one event: each step from its commit to the page, and what it says. */
export function EventDetail({ id }: { id: string }) {
  const traced = useTrace(id);
  return (
    <DetailPanel kicker="Event" title={<span className="mono">{id}</span>} onClose={() => setParams({ event: null })}>
      {traced.kind === 'asking' && (
        <p className={controls['notice']} role="status">
          <span className={controls['waiting']}>Asking where it has been</span>
        </p>
      )}
      {traced.kind === 'failed' && (
        <p className={controls['notice']} role="alert">
          {traced.detail} <code>{traced.code}</code>
        </p>
      )}
      {traced.kind === 'life' && (
        <>
          <DetailSection title="Its life">
            <LifeLine steps={traced.life.steps} />
          </DetailSection>
          <DetailSection title="Where it came from">
            <Facts>
              <Fact name="Key">
                <code>{traced.life.key ?? 'none'}</code>
              </Fact>
              <Fact name="Source position">
                <code>{traced.life.source_position ?? 'no source change'}</code>
              </Fact>
              <Fact name="Trace">
                <code>{traced.life.trace_id ?? 'none'}</code>
              </Fact>
              {traced.life.topic === 'fraud.decisions' && (
                <Fact name="On its page">
                  <Link to={`/fraud?at=${traced.life.partition}.${traced.life.offset}`}>Open the decision</Link>
                </Fact>
              )}
            </Facts>
          </DetailSection>
          <DetailSection title="Value">
            <pre className={controls['pre']} tabIndex={0} aria-label="The record's value">
              {JSON.stringify(traced.life.value, null, 2)}
            </pre>
          </DetailSection>
        </>
      )}
    </DetailPanel>
  );
}
