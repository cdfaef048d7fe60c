import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PushClient } from '@nerveline/push';
import { startService } from '@nerveline/service-defaults';
import type { TestKeys } from '@nerveline/testing';
import { readLiveGatewaySettings } from '../../apps/live-gateway/src/live-gateway.config';
import { LiveGatewayModule, prepareLiveGateway } from '../../apps/live-gateway/src/live-gateway.module';

/** The door that pages and drivers use, over the data of a fleet that runs already. */
export interface FleetGateway extends AsyncDisposable {
  /** A socket of somebody with these claims. */
  connect(claims?: Parameters<TestKeys['token']>[0]): Promise<PushClient>;
}

export async function openFleetGateway(fleet: {
  readonly data_directory: string;
  readonly keys: TestKeys;
}): Promise<FleetGateway> {
  const pages = join(fleet.data_directory, 'pages');
  await mkdir(pages);
  await writeFile(join(pages, 'index.html'), '<!doctype html><title>Nerveline</title>');
  const settings = readLiveGatewaySettings({
    NERVELINE_DATA_DIR: fleet.data_directory,
    NERVELINE_JWKS: fleet.keys.jwks,
    DASHBOARD_DIR: pages,
    LOG_LEVEL: 'fatal',
  });
  const service = await startService({
    service: 'live-gateway',
    module: LiveGatewayModule.with(settings),
    settings,
    prepare: (app) => prepareLiveGateway(app, settings),
  });
  const clients: PushClient[] = [];
  return {
    connect: async (claims) => {
      const client = await PushClient.connect({ url: service.address, token: await fleet.keys.token(claims) });
      clients.push(client);
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.close();
      await service.stop();
    },
  };
}
