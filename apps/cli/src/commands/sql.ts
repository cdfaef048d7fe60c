import { Command, InvalidArgumentError } from 'commander';
import { Client } from 'pg';
import { databaseUrl, dataOption } from '../cli.config';
import { formatTable } from '../table';

/** A machine that has Node alone has no psql. */
export const sqlCommand = () =>
  new Command('sql')
    .description('run SQL in the source database')
    .argument('<statement>', 'one statement, or several with ; between them')
    .addOption(dataOption())
    .action(async (statement: string, options: { data: string }) => {
      const client = new Client({ connectionString: databaseUrl(options.data) });
      await client.connect();
      try {
        const answer: unknown = await client.query({ text: statement, rowMode: 'array' });
        for (const result of Array.isArray(answer) ? answer : [answer]) print(result as ArrayResult);
      } finally {
        await client.end();
      }
    });

interface ArrayResult {
  /** Null where there was no statement: an empty text, or a comment. */
  readonly command: string | null;
  readonly rowCount: number | null;
  readonly fields: readonly { readonly name: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

function print({ command, rowCount, fields, rows }: ArrayResult): void {
  if (command === null) throw new InvalidArgumentError('there is no statement to run: nerveline sql "select 1"');
  if (fields.length > 0)
    console.log(
      formatTable(
        fields.map(({ name }) => name),
        rows.map((row) => row.map(toCell)),
      ),
    );
  else console.log(`${command} ${rowCount ?? ''}`.trim());
}

function toCell(value: unknown): string | number | null {
  if (value === null || typeof value === 'number' || typeof value === 'string') return value;
  return value instanceof Date ? value.toISOString() : JSON.stringify(value);
}
