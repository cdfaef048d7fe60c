import { topics, type LifeStep } from '@nerveline/contracts';
import type { RecentEvent } from './recent-events';

const STEPS_MAX = 50;
/** Topics whose records are somebody's decision. */
const DECISIONS: readonly string[] = [topics.decisions.name, topics.rerouteDecisions.name];

/** The steps of everything that one source change brought about, in the order of their times. */
export function stepsOf(events: readonly RecentEvent[]): LifeStep[] {
  const steps: { step: LifeStep['step']; where: string; at_ms: number }[] = [];
  const committed = events.find(({ committed_ms }) => committed_ms !== undefined);
  if (committed?.committed_ms !== undefined) {
    steps.push({ step: 'committed', where: 'PostgreSQL', at_ms: committed.committed_ms });
  }
  const received = committed === undefined ? events.find(({ received_ms }) => received_ms !== undefined) : undefined;
  if (received?.received_ms !== undefined) {
    steps.push({ step: 'received', where: received.owner, at_ms: received.received_ms });
  }
  for (const event of events) {
    const place = `${event.topic}/${event.partition} @ ${event.offset}`;
    steps.push({ step: stepOf(event), where: `log ${place}`, at_ms: event.appended_ms });
    if (event.pushed_ms !== undefined) {
      steps.push({ step: 'pushed', where: `clients ${place}`, at_ms: event.pushed_ms });
    }
    if (event.taken !== undefined) {
      steps.push({ step: 'handled', where: `state of ${event.taken.group} past ${place}`, at_ms: event.taken.at_ms });
    }
  }
  steps.sort((a, b) => a.at_ms - b.at_ms);
  const first_ms = steps[0]?.at_ms ?? 0;
  return steps.slice(0, STEPS_MAX).map((step) => ({ ...step, after_ms: step.at_ms - first_ms }));
}

function stepOf({ topic, owner }: RecentEvent): LifeStep['step'] {
  if (owner === 'cdc-relay') return 'in_log';
  return DECISIONS.includes(topic) ? 'decided' : 'handled';
}
