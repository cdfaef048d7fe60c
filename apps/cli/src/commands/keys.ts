import { join } from 'node:path';
import { ensureKeys } from '@nerveline/service-defaults';
import { Command } from 'commander';
import { dataOption } from '../cli.config';

/** For installations that `npm start` doesn't set up: containers, several hosts. */
export const keysCommand = () =>
  new Command('keys')
    .description("make this installation's signing keys, unless it has some")
    .addOption(dataOption())
    .action(async ({ data }: { data: string }) => {
      const { jwks, private_key } = await ensureKeys(join(data, 'keys'));
      console.log(`public:  ${jwks}\nprivate: ${private_key}`);
    });
