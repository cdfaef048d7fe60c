import { fork } from 'node:child_process';
import { extname, join } from 'node:path';
import { NervelineError } from '@nerveline/kernel';

/** What the child says. The last place that it looked at is where a crash happened. */
export type VerifyMessage =
  | { readonly kind: 'looking_at'; readonly place: string }
  | { readonly kind: 'damaged'; readonly code: 'NL-LOG-005' | 'NL-LOG-006'; readonly detail: string }
  | { readonly kind: 'sound' };

/** Long enough for all that is verified on a slow disk; a damaged tree can also run in circles. */
const DEADLINE_MS = 60_000;

/**
 * Reads an environment in a child process, since a damaged page can crash whoever looks at it, and checks the checksum
 * of its batches: see verify-child.
 *
 * @throws NervelineError `NL-LOG-005` with the first damaged place, `NL-LOG-006`
 */
export async function verifyInChild(directory: string): Promise<void> {
  const child = fork(join(__dirname, `verify-child${extname(__filename)}`), [directory], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  const said: VerifyMessage[] = [];
  child.on('message', (message: VerifyMessage) => said.push(message));
  const ending = await new Promise<string>((resolve, reject) => {
    child.on('error', reject);
    // Not 'exit': messages may still be on their way then.
    child.on('close', (code, signal) => resolve(signal ?? `code ${code}`));
  });
  const verdict: VerifyMessage = said.at(-1) ?? { kind: 'looking_at', place: 'its first page' };
  switch (verdict.kind) {
    case 'sound':
      return;
    case 'damaged':
      throw new NervelineError(verdict.code, { detail: `${directory}: ${verdict.detail}` });
    case 'looking_at':
      throw new NervelineError('NL-LOG-005', {
        detail: `${directory}: reading ${verdict.place} ended the process that verifies it (${ending})`,
      });
  }
}
