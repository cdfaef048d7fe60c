import type { INestApplication } from '@nestjs/common';
import { LogIntake } from './log-intake';

/** Makes the service a hybrid of Nest: events from the log, and commands by its keys. For `bootstrap`'s `prepare`. */
export async function takeFromLog(app: INestApplication): Promise<void> {
  const intake = app.get(LogIntake);
  for (const strategy of [...intake.transports, intake.commands]) app.connectMicroservice({ strategy });
  // Clocks before holds expire by them, and what is kept beside the log before the records that change it.
  await intake.restore();
  await app.init();
  await app.startAllMicroservices();
  intake.watch();
}
