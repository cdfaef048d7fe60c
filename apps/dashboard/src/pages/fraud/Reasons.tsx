import type { PaymentDecision } from '@nerveline/contracts';
import { Bar } from '../../design/Bar';
import styles from './fraud.module.css';

/** What made the score, the heaviest first, each with its share as a bar. */
export function Reasons({ decision }: { decision: PaymentDecision }) {
  const reasons = [...decision.reasons].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  return (
    <div className={styles['reasons']}>
      <p className={styles['score']}>
        <span className={styles['scoreValue']}>{decision.score.toFixed(2)}</span>
        <span className="muted">of 1, score</span>
      </p>
      {reasons.length === 0 && <p className="muted">Nothing spoke against it.</p>}
      <ul>
        {reasons.map(({ code, text, contribution }) => (
          <li key={code}>
            <span>
              <bdi>{text}</bdi>
            </span>
            <span className="mono">
              {contribution < 0 ? '−' : '+'}
              {Math.abs(contribution).toFixed(2)}
            </span>
            <Bar share={Math.abs(contribution)} />
            <code className="muted">{code}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}
