import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const KAFKA_VERSION = '4.1.0';

const ARTIFACTS = [
  ['org.apache.kafka', 'kafka_2.13', KAFKA_VERSION],
  ['org.apache.kafka', 'kafka-tools', KAFKA_VERSION],
  ['org.apache.logging.log4j', 'log4j-slf4j-impl', '2.25.1'],
];

const dependency = ([group = '', name = '', version = '']: readonly string[]): string =>
  `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>nerveline.test</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${ARTIFACTS.map(dependency).join('')}</dependencies></project>
`;

/**
 * The directory with Kafka's jars, outside the checkout. Maven resolves them the first time; whoever comes at the same
 * moment does it twice, and the first one's stay.
 */
export async function kafkaJars(): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'nerveline');
  const jars = join(cache, `kafka-${KAFKA_VERSION}`, 'libs');
  if (existsSync(jars)) return jars;
  const work = join(cache, `kafka-${KAFKA_VERSION}-${process.pid}`);
  mkdirSync(work, { recursive: true });
  writeFileSync(join(work, 'pom.xml'), POM);
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=libs'];
  const maven = spawn('mvn', ['-q', '-B', ...goal], { cwd: work, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(maven, 'exit')) as [number | null];
  const complete = join(cache, `kafka-${KAFKA_VERSION}`);
  // Who was first has put a whole one there, which can't be replaced.
  if (code === 0 && !existsSync(jars)) moveUnlessThere(work, complete);
  rmSync(work, { recursive: true, force: true });
  if (!existsSync(jars)) throw new Error(`Maven could not resolve Kafka ${KAFKA_VERSION}`);
  return jars;
}

function moveUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}
