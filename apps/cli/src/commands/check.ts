import { Command } from 'commander';
import { Client } from 'pg';
import { databaseUrl, dataOption } from '../cli.config';
import { formatTable } from '../table';
import { preflight } from '../preflight';

export const checkCommand = () =>
  new Command('check')
    .description('is the source database ready for change capture, and if not, what mends it?')
    .addOption(dataOption())
    .action(async ({ data }: { data: string }) => {
      const client = new Client({ connectionString: databaseUrl(data) });
      await client.connect();
      try {
        const findings = await preflight(async (sql) => (await client.query<Record<string, unknown>>(sql)).rows);
        console.log(
          formatTable(
            ['check', 'found', 'good', 'mend it with'],
            findings.map(({ check, found, good, mend }) => [check, found, good ? 'yes' : 'NO', good ? '' : mend]),
          ),
        );
        if (findings.some(({ good }) => !good)) process.exitCode = 1;
      } finally {
        await client.end();
      }
    });
