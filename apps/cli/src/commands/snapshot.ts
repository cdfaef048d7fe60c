import { Command } from 'commander';
import { databaseUrl, dataOption } from '../cli.config';
import { requestSnapshot, requireSourceTables } from '../request-snapshot';

export const snapshotCommand = () =>
  new Command('snapshot')
    .description('have the relay read source tables anew, beside the stream')
    .argument('<tables...>', 'SCHEMA.TABLE')
    .addOption(dataOption())
    .action(async (tables: string[], options: { data: string }) => {
      requireSourceTables(tables);
      const lsn = await requestSnapshot(databaseUrl(options.data), tables);
      console.log(`asked at ${lsn}: the relay reads ${tables.join(', ')} anew when it comes to this position`);
    });
