import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NervelineError } from '@nerveline/kernel';
import { isAlive } from '@nerveline/process-identity';
import { Command } from 'commander';
import { z } from 'zod';
import { dataOption } from '../cli.config';

/** What `npm start` writes down of each program that it has started. */
const processes = z.array(z.object({ name: z.string(), pid: z.int(), started: z.string() }));

/** For signals: a machine may run several platforms, so a program's path doesn't tell which one is meant. */
export const pidCommand = () =>
  new Command('pid')
    .description("print the process id of a service of this data directory's platform")
    .argument('<service>', 'as in the table of npm start')
    .addOption(dataOption())
    .action((service: string, { data }: { data: string }) => {
      const path = join(data, 'processes.json');
      const noted = existsSync(path) ? processes.parse(JSON.parse(readFileSync(path, 'utf8'))) : [];
      const running = noted.filter(isAlive);
      const found = running.find(({ name }) => name === service);
      if (found === undefined) {
        const names = running.map(({ name }) => name).join(', ');
        throw new NervelineError('NL-HST-014', {
          detail: `${service} does not run from ${data}; ${names === '' ? 'nothing does' : `what runs is ${names}`}`,
        });
      }
      console.log(found.pid);
    });
