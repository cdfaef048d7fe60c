import type { DeadLetterFilter } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import { describeDeadLetter } from '@nerveline/log';
import { Command, InvalidArgumentError } from 'commander';
import { dataOption } from '../cli.config';
import { findDeadLetters, settleDeadLetters } from '../dead-letters';
import { formatTable } from '../table';

interface FilterWords {
  readonly data: string;
  readonly service?: string;
  readonly topic?: string;
  readonly group?: string;
  readonly key?: string;
  readonly code?: string;
  readonly since?: number;
  readonly until?: number;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** Records that no handler could take: look at them, send them again, forget them. */
export const dlqCommand = () =>
  new Command('dlq')
    .description('dead letters: what no handler could take')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(settleCommand('redrive', 'send records through their group again, each before what waits of its key'))
    .addCommand(settleCommand('discard', 'forget records for good'));

const listCommand = () =>
  withFilters(new Command('list').description('what lies there, oldest position first')).action(
    async (words: FilterWords) => {
      const letters = await findDeadLetters(words.data, filterOf(words), words.service);
      if (words.json === true) {
        for (const { held } of letters) console.log(JSON.stringify(describeDeadLetter(held)));
        return;
      }
      const rows = letters.map(({ held }) => {
        const { id, key, attempts, held_ms, failure } = describeDeadLetter(held);
        return [id, key, failure?.code, attempts, new Date(held_ms).toISOString(), firstLine(failure?.message)];
      });
      console.log(formatTable(['id', 'key', 'code', 'attempts', 'since', 'what'], rows));
    },
  );

const showCommand = () =>
  new Command('show')
    .description('one record whole: where it stood first, what went wrong, its bytes')
    .argument('<id>', 'as `list` shows it')
    .addOption(dataOption())
    .action(async (id: string, { data }: { data: string }) => {
      const [letter] = await findDeadLetters(data, { ids: [id] });
      if (letter === undefined) throw new NervelineError('NL-API-006', { detail: `there is no dead letter ${id}` });
      const { failure, value, headers, ...rest } = letter.held;
      const bytes = value === null ? null : Buffer.from(value, 'base64');
      console.log(
        JSON.stringify({ ...rest, ...describeDeadLetter(letter.held), headers, value: textOf(bytes) }, null, 2),
      );
      console.log(failure?.stack ?? '');
    });

const settleCommand = (how: 'redrive' | 'discard', description: string) =>
  withFilters(new Command(how).description(description).argument('[ids...]', 'as `list` shows them'))
    .option('--all', 'everything that the filters leave')
    .action(async (ids: string[], words: FilterWords) => {
      const filter = filterOf(words);
      const chosen = ids.length > 0 || words.all === true || Object.keys(filter).length > 0;
      if (!chosen) throw new InvalidArgumentError('name ids or a filter, or say --all');
      const given = ids.length > 0 ? { ...filter, ids } : filter;
      const letters = await findDeadLetters(words.data, given, words.service);
      const settled = await settleDeadLetters(words.data, how, letters);
      for (const { id } of settled) console.log(id);
      console.log(`${settled.length} of ${letters.length} ${how === 'redrive' ? 'sent again' : 'discarded'}`);
      if (settled.length < letters.length) process.exitCode = 1;
    });

const withFilters = (command: Command): Command =>
  command
    .addOption(dataOption())
    .option('--service <service>', 'whose handler it was')
    .option('--topic <topic>', 'where the record stood')
    .option('--group <group>', 'which group could not take it')
    .option('--key <key>', 'of the record, as text')
    .option('--code <code>', 'of the failure: NL-LOG-011, TypeError')
    .option('--since <time>', 'when it failed: an ISO time', toTime)
    .option('--until <time>', 'the same', toTime)
    .option('--json', 'a JSON object for each');

function filterOf({ topic, group, key, code, since, until }: FilterWords): DeadLetterFilter {
  return {
    ...(topic !== undefined && { topic }),
    ...(group !== undefined && { group }),
    ...(key !== undefined && { key }),
    ...(code !== undefined && { code }),
    ...(since !== undefined && { since_ms: since }),
    ...(until !== undefined && { until_ms: until }),
  };
}

function toTime(text: string): number {
  const time_ms = Date.parse(text);
  if (Number.isNaN(time_ms)) throw new InvalidArgumentError('give an ISO time: 2026-11-22T18:00:00Z');
  return time_ms;
}

const firstLine = (text: string | undefined): string => text?.split('\n', 1)[0]?.slice(0, 80) ?? '';

/** Text where it is text, base64 where it isn't. */
function textOf(bytes: Buffer | null): string | null {
  if (bytes === null) return null;
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : bytes.toString('base64');
}
