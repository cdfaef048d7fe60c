/** One instruction of a Dockerfile, its continuation lines joined: `COPY`, `. .` */
export interface Instruction {
  readonly keyword: string;
  readonly text: string;
}

/** What stands between two `FROM`s. */
export interface Stage {
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** What a container of an image begins with. */
export interface Image {
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
  /** The account it runs as. */
  readonly user: string;
}

/** @throws Error when it begins with something else than `FROM` */
export function parseDockerfile(source: string): readonly Stage[] {
  const lines = source
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const stages: { name: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [keyword = ''] = line.split(/\s/, 1);
    const text = line.slice(keyword.length).trim();
    if (keyword === 'FROM') stages.push({ name: /\sAS\s+(\S+)$/.exec(text)?.[1] ?? '', instructions: [] });
    else if (stages.at(-1)?.instructions.push({ keyword, text }) === undefined)
      throw new Error(`${keyword} stands before the first FROM`);
  }
  return stages;
}

/** What a stage sets, with these build arguments. */
export function imageOf(stage: Stage, build_arguments: Readonly<Record<string, string>>): Image {
  const text = (keyword: string) => stage.instructions.findLast((one) => one.keyword === keyword)?.text ?? '';
  const environment: Record<string, string> = {};
  for (const { text: pairs } of stage.instructions.filter(({ keyword }) => keyword === 'ENV'))
    for (const [, name = '', value = ''] of pairs.matchAll(/(\w+)=(\S+)/g))
      environment[name] = value.replaceAll(/\$\{(\w+)\}/g, (_, argument: string) => {
        const given = build_arguments[argument];
        if (given === undefined) throw new Error(`build argument ${argument} is not given`);
        return given;
      });
  return {
    environment,
    directory: text('WORKDIR'),
    command: JSON.parse(text('CMD')) as string[],
    healthcheck: JSON.parse(text('HEALTHCHECK').replace(/^.*?\sCMD\s/, '')) as string[],
    user: text('USER'),
  };
}
