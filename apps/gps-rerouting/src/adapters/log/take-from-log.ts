import { LogTransport } from '@nerveline/log';
import { Readiness } from '@nerveline/service-defaults';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Directory } from '../../application/directory';

/** Lets the records of the source tables reach their handlers. Ready when those are handled that are there now. */
export async function takeFromLog(app: NestFastifyApplication): Promise<void> {
  const transport = app.get(LogTransport);
  const directory = app.get(Directory);
  const readiness = app.get(Readiness);
  let is_caught_up = false;
  readiness.addFact('source_tables', () => directory.counts);
  readiness.add('source_tables', () =>
    is_caught_up ? { ready: true } : { ready: false, detail: 'reading the source tables' },
  );
  app.connectMicroservice({ strategy: transport });
  await app.startAllMicroservices();
  transport.caughtUp().then(
    () => (is_caught_up = true),
    () => {
      // What ended has told onFatal; what was stopped is meant to be.
    },
  );
}
