import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Stage } from './dockerfile';

const run = promisify(execFile);

/** What a run of npm, Jest or Node sets for its own children, and a build must not see. */
const NOT_FOR_BUILDS = /^(npm_(lifecycle|package|command|execpath|node_execpath|config_local_prefix)|NODE_|INIT_CWD)/;

/** Accounts and their numbers in the image; here everything belongs to whoever runs the tests. */
const ACCOUNTS = /\bnode:node\b/g;

/** What is kept in version control, as it lies in the working tree, without what .dockerignore leaves out. */
export async function copyContext(into: string): Promise<void> {
  const ignored = (await readFile('.dockerignore', 'utf8')).split('\n').filter((line) => line !== '');
  const { stdout } = await run('git', ['ls-files', '-z'], { maxBuffer: 16 * 1_048_576 });
  const paths = stdout
    .split('\0')
    .filter((path) => path !== '' && !ignored.some((one) => path === one || path.startsWith(`${one}/`)));
  for (const path of paths) {
    // One that is deleted, but not committed yet.
    if (await isMissing(path)) continue;
    await mkdir(dirname(join(into, path)), { recursive: true });
    await cp(path, join(into, path));
  }
}

/**
 * Performs a Dockerfile's steps without a container engine: each stage gets an empty folder as its file system, and
 * what a step writes with an absolute path lands below that folder.
 *
 * @returns the last stage's folder
 */
export async function performDockerfile(stages: readonly Stage[], context: string, into: string): Promise<string> {
  const roots = new Map<string, string>();
  let root = into;
  // A temporary folder is its owner's alone, and the image's programs run as somebody else.
  await chmod(into, 0o755);
  for (const [index, stage] of stages.entries()) {
    root = join(into, String(index));
    roots.set(stage.name, root);
    await new StageBuild(root, (name) => (name === undefined ? context : (roots.get(name) ?? name))).perform(stage);
  }
  return root;
}

class StageBuild {
  #directory = '/';

  constructor(
    private readonly root: string,
    /** Where files are copied from: the context, or an earlier stage. */
    private readonly sourceOf: (stage?: string) => string,
  ) {}

  async perform(stage: Stage): Promise<void> {
    for (const { keyword, text } of stage.instructions) {
      if (keyword === 'WORKDIR') await this.#enter(text);
      else if (keyword === 'COPY') await this.#copy(text);
      else if (keyword === 'RUN') await this.#run(text);
    }
  }

  async #enter(directory: string): Promise<void> {
    this.#directory = resolve(this.#directory, directory);
    await mkdir(join(this.root, this.#directory), { recursive: true });
  }

  async #copy(text: string): Promise<void> {
    const from = /^--from=(\S+)\s+/.exec(text);
    const words = text.slice(from?.[0].length ?? 0).split(/\s+/);
    const target = words.pop() ?? '.';
    const sources = words.map((word) => join(this.sourceOf(from?.[1]), word));
    const to = join(this.root, resolve(this.#directory, target));
    for (const source of sources) {
      // A folder's content is copied, not the folder; a file goes into a target that ends with a slash.
      const into = !(await stat(source)).isDirectory() && target.endsWith('/') ? join(to, basename(source)) : to;
      await cp(source, into, { recursive: true, verbatimSymlinks: true });
    }
  }

  async #run(text: string): Promise<void> {
    const command = text
      .replaceAll(/(?<=^|\s)\/(?=\w)/g, `${this.root}/`)
      .replaceAll(ACCOUNTS, `${process.getuid?.()}:${process.getgid?.()}`);
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_FOR_BUILDS.test(name)));
    await run('sh', ['-c', command], { cwd: join(this.root, this.#directory), env, maxBuffer: 16 * 1_048_576 });
  }
}

const isMissing = (path: string): Promise<boolean> =>
  stat(path).then(
    () => false,
    () => true,
  );

/** What images don't hold: the last stage's programs must not reach the context and the stages before it. */
export async function removeEarlierStages(stages: readonly Stage[], context: string, into: string): Promise<void> {
  const earlier = stages.slice(0, -1).map((_, index) => join(into, String(index)));
  for (const folder of [context, ...earlier]) await rm(folder, { recursive: true, force: true });
}
