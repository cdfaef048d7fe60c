import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { NervelineError } from '@nerveline/kernel';
import { KillPermits } from './hang-watch';
import { LogFile } from './log-file';
import type { ProcessRecord } from './process-record';
import type { Program } from './program';
import { type ProcessState, SupervisedProcess } from './supervised-process';

export interface SupervisorOptions {
  readonly record: ProcessRecord;
  readonly log_directory: string;
  /** What every program inherits. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly ready_deadline_ms: number;
  readonly drain_deadline_ms: number;
  /** Shows people a line about a program. */
  readonly say: (name: string, line: string) => void;
}

export interface ProgramStatus {
  readonly name: string;
  readonly address: string;
  readonly state: ProcessState;
  /** The state in words, with how often it had to be started again and why. */
  readonly health: string;
}

/** Starts programs in the order of their needs, keeps them running, and stops them in reverse. */
export class Supervisor {
  readonly #processes = new Map<string, SupervisedProcess>();
  readonly #permits = new KillPermits();
  #stopping = false;

  constructor(private readonly options: SupervisorOptions) {
    mkdirSync(options.log_directory, { recursive: true });
  }

  /**
   * Starts programs, each as soon as what it needs is ready or its time is up: a demo with one service in trouble says
   * more than none. Resolves when all have had their chance.
   *
   * @throws NervelineError `NL-HST-012` when a vital program isn't ready in time
   */
  async start(programs: readonly Program[]): Promise<void> {
    const settled = new Map<string, Promise<void>>();
    const settle = (program: Program): Promise<void> => {
      const known = settled.get(program.name);
      if (known !== undefined) return known;
      const needs = programs.filter(({ name }) => program.needs.includes(name));
      const started = Promise.all(needs.map(settle)).then(() => this.#startOne(program));
      settled.set(program.name, started);
      return started;
    };
    await Promise.all(programs.map(settle));
  }

  status(): readonly ProgramStatus[] {
    return [...this.#processes.values()].map(({ program, state, health }) => ({
      name: program.name,
      address: program.address,
      state,
      health,
    }));
  }

  /** Stops each program once all that need it have stopped. Nothing of them is left when it resolves. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const stopped = new Map<string, Promise<void>>();
    const all = [...this.#processes.values()];
    const stop = (one: SupervisedProcess): Promise<void> => {
      const known = stopped.get(one.program.name);
      if (known !== undefined) return known;
      const dependents = all.filter(({ program }) => program.needs.includes(one.program.name));
      const gone = Promise.all(dependents.map(stop)).then(() => one.stop(this.options.drain_deadline_ms));
      stopped.set(one.program.name, gone);
      return gone;
    };
    await Promise.all(all.map(stop));
  }

  /** Replaces the processes of these programs by fresh ones, for a developer who built them anew. */
  async replace(names: readonly string[]): Promise<void> {
    const chosen = [...this.#processes.values()].filter(({ program }) => names.includes(program.name));
    await Promise.all(chosen.map((one) => one.replace(this.options.drain_deadline_ms)));
  }

  async #startOne(program: Program): Promise<void> {
    if (this.#stopping) return;
    const { record, log_directory, environment, ready_deadline_ms } = this.options;
    const say = (line: string) => this.options.say(program.name, line);
    const log = new LogFile(join(log_directory, `${program.name}.log`));
    const one = new SupervisedProcess(program, { record, log, permits: this.#permits, environment, say });
    this.#processes.set(program.name, one);
    one.start();
    if ((await one.untilReady(ready_deadline_ms)) || this.#stopping) return;
    const detail = `${program.name} was not ready within ${ready_deadline_ms / 1_000} s; see ${join(log_directory, `${program.name}.log`)}`;
    if (program.vital) throw new NervelineError('NL-HST-012', { detail });
    say(detail);
  }
}
