import type { Health, Verdict } from '@nerveline/contracts';
import { StatusMark } from '../../design/StatusMark';

/** A verdict's status: colour and shape are the same on every page. */
export const VERDICT_HEALTH: Readonly<Record<Verdict, Health>> = { allow: 'good', review: 'watch', block: 'bad' };

export function VerdictMark({ verdict }: { verdict: Verdict }) {
  return <StatusMark health={VERDICT_HEALTH[verdict]} word={verdict} />;
}

const SHOWN_DIGITS = 4;

/** A card's token, short: its end tells two apart. */
export const shortCard = (card: string): string => (card.length > 8 ? `··${card.slice(-SHOWN_DIGITS)}` : card);
