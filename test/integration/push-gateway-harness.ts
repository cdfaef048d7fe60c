import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scopes, type Role, type Scope } from '@nerveline/kernel';
import { openLog, type Log } from '@nerveline/log';
import { PushClient, type PushClientOptions } from '@nerveline/push';
import { startService } from '@nerveline/service-defaults';
import { createTempDirectory, createTestKeys, type TestKeys } from '@nerveline/testing';
import { readLiveGatewaySettings } from '../../apps/live-gateway/src/live-gateway.config';
import { LiveGatewayModule, prepareLiveGateway } from '../../apps/live-gateway/src/live-gateway.module';

/** The gateway as a service in this process, with keys, a page to serve and a log. */
export interface GatewayHarness extends AsyncDisposable {
  readonly url: string;
  readonly directory: string;
  readonly keys: TestKeys;
  readonly inventory: Log;
  connect(
    claims?: { tenant_id?: string; scopes?: readonly Scope[]; roles?: readonly Role[]; expires_in?: string },
    options?: Partial<PushClientOptions>,
  ): Promise<PushClient>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  stop(): Promise<void>;
}

export async function openGatewayHarness(environment: Record<string, string> = {}): Promise<GatewayHarness> {
  const keys = await createTestKeys();
  const directory = await createTempDirectory();
  const pages = await writePages(directory.path);
  const operator = join(directory.path, 'operator.token');
  await writeFile(operator, `${await keys.token({ subject: 'operator' })}\n`);
  const settings = readLiveGatewaySettings({
    NERVELINE_DATA_DIR: directory.path,
    NERVELINE_JWKS: keys.jwks,
    DASHBOARD_DIR: pages,
    NERVELINE_OPERATOR_TOKEN_FILE: operator,
    LOG_LEVEL: 'fatal',
    ...environment,
  });
  const inventory = await openLog({
    data_directory: directory.path,
    service: 'inventory-sync',
    address: environment['INVENTORY_ADDRESS'] ?? '',
  });
  const service = await startService({
    service: 'live-gateway',
    module: LiveGatewayModule.with(settings),
    settings,
    prepare: (app) => prepareLiveGateway(app, settings),
  });
  const clients: PushClient[] = [];
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= service.stop());
  return {
    url: service.address,
    directory: directory.path,
    keys,
    inventory,
    connect: async (claims = {}, options = {}) => {
      const token = await keys.token({ scopes, ...claims });
      const client = await PushClient.connect({ url: service.address, token, ...options });
      clients.push(client);
      return client;
    },
    get: (path, headers = {}) => fetch(`${service.address}${path}`, { headers }),
    stop,
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.close();
      await stop();
      await inventory.close();
      await keys[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

async function writePages(directory: string): Promise<string> {
  const pages = join(directory, 'pages');
  await mkdir(join(pages, 'assets'), { recursive: true });
  await writeFile(join(pages, 'index.html'), '<!doctype html><title>Nerveline</title>');
  await writeFile(join(pages, 'mark.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await writeFile(join(pages, 'assets', 'index-a1b2c3.js'), 'export {};');
  return pages;
}
