import { LogTransport } from '@nerveline/log';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** Makes the service a hybrid of Nest: list changes and event clocks reach their handlers from the log. */
export async function takeFromLog(app: NestFastifyApplication): Promise<void> {
  app.connectMicroservice({ strategy: app.get(LogTransport) });
  await app.startAllMicroservices();
}
