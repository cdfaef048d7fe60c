import { useState } from 'react';
import { openSession, type SessionAnswer } from '../client/session';
import controls from '../design/controls.module.css';
import { cx } from '../design/cx';
import styles from './shell.module.css';

/** Where the gateway doesn't know the visitor: a token opens the pages for this tab. */
export function SignIn({ refused, onAnswer }: { refused: string | null; onAnswer: (answer: SessionAnswer) => void }) {
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState(refused);
  const [asking, setAsking] = useState(false);

  const submit = async () => {
    setAsking(true);
    const answer = await openSession(token.trim());
    setAsking(false);
    if (answer.kind === 'session') onAnswer(answer);
    else if (answer.kind === 'sign_in') setProblem(answer.refused);
    else setProblem('The gateway does not answer.');
  };

  return (
    <main className={styles['signIn']}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h1>Sign in to Nerveline</h1>
        <label htmlFor="token">Access token</label>
        <textarea
          id="token"
          name="token"
          rows={5}
          required
          spellCheck={false}
          autoComplete="off"
          autoFocus
          aria-describedby="token-help"
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
        <p id="token-help" className="muted">
          <code>npx nerveline token --scope …</code> makes one. It stays in this tab only.
        </p>
        {problem !== null && (
          <p role="alert" className={styles['problem']}>
            {problem}
          </p>
        )}
        <button
          type="submit"
          className={cx(controls['button'], controls['primary'])}
          disabled={asking || token.trim() === ''}
        >
          {asking ? 'Asking' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
