import { spawn } from 'node:child_process';
import { catalogue, type ErrorCode, NervelineError } from '@nerveline/kernel';
import type { LogFile } from './supervisor/log-file';

/** A program that does one thing and ends. */
export interface Task {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const LAST_LINES = 5;
const DEADLINE_MS = 120_000;

/**
 * Runs a Node program to its end; what it says goes to the log file.
 *
 * @throws NervelineError the one that it ended with, else `NL-HST-007` with its last words, when it fails
 */
export async function runOnce(task: Task, log: LogFile): Promise<void> {
  const lines: string[] = [];
  const how = await new Promise<string | undefined>((resolve) => {
    const child = spawn(process.execPath, task.parameters, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: task.environment,
      timeout: DEADLINE_MS,
    });
    const keep = (chunk: Buffer) => lines.push(...chunk.toString('utf8').split('\n').filter(Boolean));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `code ${code}`)));
  });
  for (const line of lines) log.write(`${task.name} ${line}`);
  if (how === undefined) return;
  const own = ownError(lines.at(-1) ?? '');
  if (own !== undefined) throw own;
  throw new NervelineError('NL-HST-007', {
    detail: `${task.name} failed (${how}): ${lines.slice(-LAST_LINES).join(' | ')}`,
  });
}

/** Our programs end with a log line that names the error's code; one that they don't know says nothing. */
function ownError(line: string): NervelineError | undefined {
  if (!line.startsWith('{')) return undefined;
  const { code, msg } = JSON.parse(line) as { code?: unknown; msg?: unknown };
  if (!isCode(code) || code === 'NL-API-500' || typeof msg !== 'string') return undefined;
  return new NervelineError(code, { detail: msg.replace(`${code}: `, '') });
}

const isCode = (code: unknown): code is ErrorCode => typeof code === 'string' && code in catalogue;
