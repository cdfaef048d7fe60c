import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A program in a process of its own that a test exchanges messages with; killed when the test ends. */
export interface TestProgram extends AsyncDisposable {
  readonly pid: number | undefined;
  /** Everything that it has said so far. */
  readonly messages: readonly unknown[];
  /** The next thing that it says. @throws Error when it ends first */
  next(): Promise<unknown>;
  tell(message: object): void;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended, with its exit code or the signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/**
 * Starts one of our TypeScript files; it hears `process.on('message')`, says `process.send`, and exits on `disconnect`.
 *
 * @param options.under a program that runs it: `['strace', '-f']`
 */
export function startProgram(
  path: string,
  parameters: readonly string[] = [],
  options: { readonly under?: readonly string[]; readonly environment?: Readonly<Record<string, string>> } = {},
): TestProgram {
  const [command = process.execPath, ...rest] = [...(options.under ?? []), process.execPath, path, ...parameters];
  const child = spawn(command, rest, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...options.environment },
  });
  return new ForkedProgram(child);
}

class ForkedProgram implements TestProgram {
  readonly messages: unknown[] = [];
  readonly ended: Promise<number | NodeJS.Signals | null>;
  #taken = 0;

  constructor(private readonly child: ChildProcess) {
    child.on('message', (message) => this.messages.push(message));
    this.ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  async next(): Promise<unknown> {
    while (this.messages.length <= this.#taken) {
      const gone = this.ended.then((how) => Promise.reject(new Error(`the program ended with ${how}`)));
      await Promise.race([once(this.child, 'message'), gone]);
    }
    this.#taken += 1;
    return this.messages[this.#taken - 1];
  }

  tell(message: object): void {
    this.child.send(message);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Under strace the signal reaches strace only; the program itself notices that nobody listens any more.
    if (this.child.connected) this.child.disconnect();
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
