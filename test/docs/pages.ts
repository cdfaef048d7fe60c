import { sourceTables, topicCatalogue, type Retention } from '@nerveline/contracts';
import { catalogue, type ErrorCode } from '@nerveline/kernel';

const DAY_MS = 86_400_000;

const inWords = (retention: Retention): string =>
  retention.kind === 'compacted' ? 'last of each key' : `${retention.retention_ms / DAY_MS} days`;

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** The topic catalogue as a page. */
export function topicsPage(): string {
  const rows = topicCatalogue.map(
    ({ name, owner, key, partitions, encoding, retention, description }) =>
      `| \`${name}\` | ${owner} | ${key} | ${partitions} | ${encoding} | ${inWords(retention)} | ${cell(description)} |`,
  );
  const tables = sourceTables.map(
    ({ schema, table, key, topic }) => `| \`${schema}.${table}\` | ${key.join(', ')} | \`${topic.name}\` |`,
  );
  return [
    '# Topics',
    '',
    'Made from the catalogue in `libs/contracts` by `npm run docs`. Each topic has one writer.',
    '',
    '| topic | owner | key | partitions | encoding | keeps | what it carries |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '## Source tables',
    '',
    '| table | primary key | topic of its changes |',
    '| --- | --- | --- |',
    ...tables,
    '',
  ].join('\n');
}

/** The error catalogue as a page: the operator's manual. */
export function errorsPage(): string {
  const entries = Object.entries(catalogue) as [ErrorCode, (typeof catalogue)[ErrorCode]][];
  const rows = entries
    .sort(([a], [b]) => a.localeCompare(b))
    .map(
      ([code, { meaning, action, retriable, http_status }]) =>
        `| ${code} | ${cell(meaning)} | ${cell(action)} | ${retriable ? 'yes' : 'no'} | ${http_status ?? ''} |`,
    );
  return [
    '# Errors',
    '',
    'Made from the catalogue in `libs/kernel` by `npm run docs`. A code keeps its meaning for good.',
    '',
    '| code | what it means | what to do | may trying again help? | HTTP |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** The pages that are made from code, by their place in docs/. */
export const generatedPages: Readonly<Record<string, () => string>> = {
  'topics.md': topicsPage,
  'errors.md': errorsPage,
};
