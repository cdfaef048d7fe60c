import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A step of a walk through a text: what to type, and what it prints; `…` stands for anything. */
export interface ShellStep {
  readonly commands: string;
  readonly prints: string;
}

/** The steps below a heading: each `sh` block with the `text` block behind it. */
export function shellSteps(markdown: string, heading: string): readonly ShellStep[] {
  const section = markdown.split(new RegExp(`^## ${heading}$`, 'm'))[1]?.split(/^## /m)[0] ?? '';
  return [...section.matchAll(/```sh\n([\s\S]*?)```\s*```text\n([\s\S]*?)```/g)].map(
    ([, commands = '', prints = '']) => ({
      commands,
      prints: prints.trim(),
    }),
  );
}

/** A pattern that what was printed has to fit. */
export function toPattern(prints: string): RegExp {
  const literal = prints.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(literal.join('[\\s\\S]*'));
}

/** Runs all steps in one bash, so that what one defines the next one has, and gives what each printed. */
export async function runShellSteps(
  steps: readonly ShellStep[],
  environment: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const mark = '-- next step --';
  const script = steps.map(({ commands }) => `${commands}\necho '${mark}'`).join('\n');
  const { stdout } = await promisify(execFile)('bash', ['-c', script], {
    env: { ...process.env, ...environment },
    timeout: 120_000,
  });
  return stdout.split(mark).slice(0, steps.length);
}
