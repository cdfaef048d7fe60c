import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { restartDelay_ms, STEADY_MS } from './back-off';
import { type KillPermits, untilHung } from './hang-watch';
import type { LogFile } from './log-file';
import type { ProcessRecord } from './process-record';
import type { Program } from './program';

const LOOK_MS = 100;
/** One that stands by may do so for days. */
const STANDBY_LOOK_MS = 1_000;

export interface Surroundings {
  readonly record: ProcessRecord;
  readonly log: LogFile;
  /** Shared by all programs, so that never many are killed at once. */
  readonly permits: KillPermits;
  /** What every program inherits. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Tells people something about the program, in one line. */
  readonly say: (line: string) => void;
}

export type ProcessState = 'starting' | 'ready' | 'standing by' | 'restarting' | 'stopped';

/** Keeps one program running: starts it, notices when it is ready, and starts it again when it dies or hangs. */
export class SupervisedProcess {
  #child: ChildProcess | undefined;
  #state: ProcessState = 'stopped';
  #started_ms = 0;
  #failures = 0;
  #restarts = 0;
  /** How the last process ended, in words for people. */
  #last_end = '';
  /** Why we killed the process, before its end is told. */
  #verdict: string | undefined;
  #restart: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(
    readonly program: Program,
    private readonly around: Surroundings,
  ) {}

  get state(): ProcessState {
    return this.#state;
  }

  /** The state in words, with how often it had to be started again and why. */
  get health(): string {
    if (this.#restarts === 0) return this.#state;
    const times = this.#restarts === 1 ? 'once' : `${this.#restarts} times`;
    return `${this.#state} (started again ${times}: ${this.#last_end})`;
  }

  start(): void {
    const { program, around } = this;
    this.#state = 'starting';
    this.#started_ms = Date.now();
    const child = spawn(program.command, program.parameters, {
      // A session of its own: Ctrl-C in the terminal reaches the host alone, which then stops all in order.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...around.environment, ...program.environment },
      ...program.account,
    });
    this.#child = child;
    if (child.pid !== undefined) around.record.add(program.name, child.pid, program.stop_signal);
    for (const stream of [child.stdout, child.stderr]) this.#readLines(stream);
    child.once('error', (error) => this.#ended(child, error.message));
    child.once('exit', (code, signal) => this.#ended(child, signal ?? `code ${code}`));
    void this.#watchReadiness(child);
  }

  /** Resolves with whether it became ready, or stands by, within the time, be it in a second attempt. */
  async untilReady(deadline_ms: number): Promise<boolean> {
    for (const until_ms = Date.now() + deadline_ms; Date.now() < until_ms; await wait(LOOK_MS / 2)) {
      if (this.#state === 'ready' || this.#state === 'standing by') return true;
      if (this.#stopping) return false;
    }
    return false;
  }

  /** Asks the process to end, gives it the time to finish what it has in hand, and kills what is left of it. */
  async stop(deadline_ms: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    await this.#endChild(deadline_ms);
    this.#state = 'stopped';
    this.around.log.close();
  }

  /** Replaces the process by a fresh one, for a program that was built anew. */
  async replace(deadline_ms: number): Promise<void> {
    if (this.#stopping) return;
    clearTimeout(this.#restart);
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined) await endWithin(child, this.program.stop_signal, deadline_ms);
    this.start();
  }

  async #endChild(deadline_ms: number): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const in_time = await endWithin(child, this.program.stop_signal, deadline_ms);
    if (!in_time) this.around.say(`did not stop within ${deadline_ms / 1_000} s and was killed`);
  }

  #ended(child: ChildProcess, how: string): void {
    // The one that was replaced ends after its successor's time has begun.
    if (this.#child !== child) return;
    const { program, around } = this;
    this.#child = undefined;
    around.record.remove(program.name);
    if (this.#stopping) return;
    this.#failures = Date.now() - this.#started_ms > STEADY_MS ? 1 : this.#failures + 1;
    const delay_ms = restartDelay_ms(this.#failures, Math.random());
    this.#state = 'restarting';
    this.#restarts += 1;
    this.#last_end = this.#verdict ?? `ended (${how})`;
    this.#verdict = undefined;
    around.say(`${this.#last_end}; starts again in ${delay_ms} ms`);
    this.#restart = setTimeout(() => this.start(), delay_ms);
  }

  async #watchReadiness(child: ChildProcess): Promise<void> {
    const is_restart = this.#failures > 0;
    while (this.#child === child && (this.#state === 'starting' || this.#state === 'standing by')) {
      const found = await this.program.look();
      if (this.#child !== child) return;
      if (found === 'standing by' && this.#state === 'starting') {
        this.#state = 'standing by';
        this.around.say('stands by: another instance works');
        void this.#watchForHang(child);
      }
      if (found === 'ready') {
        const watched = this.#state === 'standing by';
        this.#state = 'ready';
        if (watched) this.around.say('has taken over');
        else if (is_restart) this.around.say('is ready again');
        return watched ? undefined : this.#watchForHang(child);
      }
      await wait(this.#state === 'starting' ? LOOK_MS : STANDBY_LOOK_MS);
    }
  }

  /** A process that hangs takes no signal but SIGKILL; its end is then the same as that of one that died by itself. */
  async #watchForHang(child: ChildProcess): Promise<void> {
    const { isAlive } = this.program;
    if (isAlive === undefined) return;
    const goesOn = () => this.#child === child && !this.#stopping;
    const silent_ms = await untilHung({ isAlive, goesOn, permits: this.around.permits });
    if (silent_ms === undefined) return;
    this.#verdict = `gave no answer for ${Math.round(silent_ms / 1_000)} s and was killed`;
    killGroup(child);
  }

  #readLines(stream: Readable): void {
    createInterface(stream).on('line', (line) => {
      this.around.log.write(line);
      const shown = this.program.toConsoleLine(line);
      if (shown !== undefined) this.around.say(shown);
    });
  }
}

/** Was it gone in time? If not, it and what it started is killed. */
async function endWithin(child: ChildProcess, signal: NodeJS.Signals, deadline_ms: number): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return true;
  const gone = once(child, 'exit').then(() => true);
  const timer = new AbortController();
  child.kill(signal);
  const in_time = await Promise.race([gone, wait(deadline_ms, false, { signal: timer.signal }).catch(() => false)]);
  timer.abort();
  if (in_time) return true;
  killGroup(child);
  await gone;
  return false;
}

/** With what it started: every program leads a group of its own. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}
