import { Module } from '@nestjs/common';
import { decodeJson, topics } from '@nerveline/contracts';
import { offset, type OutRecord } from '@nerveline/kernel';
import { deadLettersController, openLog, processor, type Log } from '@nerveline/log';
import {
  CurrentPrincipal,
  ensureKeys,
  readSettings,
  Scope,
  serviceSettings,
  signToken,
  startService,
} from '@nerveline/service-defaults';
import { createTempDirectory, eventually, freePort } from '@nerveline/testing';
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const DESK = Symbol('desk');
const SOURCE = topics.carts.name;

const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();

const cart = (key: string, value: string): OutRecord => ({
  ...{ topic: SOURCE, partition: 1, key, value: Buffer.from(value), timestamp_ms: 1 },
});

/** A service whose handler refuses until it is mended, its routes behind the guard, and the operator's program beside it. */
async function openService() {
  const directory = await createTempDirectory();
  const { jwks, private_key } = await ensureKeys(join(directory.path, 'keys'));
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const log: Log = await openLog({ data_directory: directory.path, service: 'inventory-sync', address });
  const handled: string[] = [];
  const shop = { broken: true };
  const running = processor(log, {
    group: 'inventory-sync.carts',
    topics: [SOURCE],
    from: 'earliest',
    failures: { parked: 'parked.inventory-sync', dead_letters: 'dlq.inventory-sync' },
    handle: ({ value }) => {
      if (shop.broken && text(value).startsWith('bad')) throw new TypeError(`${text(value)} makes no sense`);
      handled.push(text(value));
    },
  });
  const desk = {
    ...{ log, dead_letters: 'dlq.inventory-sync', audit: topics.inventoryAudit.name, processors: [running] },
  };
  @Module({
    controllers: [
      deadLettersController({
        desk: DESK,
        mayRead: Scope('ops:read'),
        mayWrite: Scope('ops:write'),
        principal: CurrentPrincipal(),
      }),
    ],
    providers: [{ provide: DESK, useValue: desk }],
  })
  class DeskModule {}
  const settings = readSettings(serviceSettings, {
    PORT: String(port),
    NERVELINE_DATA_DIR: directory.path,
    NERVELINE_JWKS: jwks,
    LOG_LEVEL: 'fatal',
  });
  const service = await startService({ service: 'inventory-sync', module: DeskModule, settings });
  return {
    ...{ log, running, handled, shop, address, private_key },
    cli: async (...words: string[]): Promise<string> => {
      const parameters = [resolve('apps/cli/src/main.ts'), 'dlq', ...words, '--data', directory.path];
      return (await promisify(execFile)(process.execPath, parameters)).stdout;
    },
    [Symbol.asyncDispose]: async () => {
      await service.stop();
      await running.stop();
      await log.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

test('an operator finds dead letters, sends them again in their order, and forgets others; each act is in the audit', async () => {
  await using service = await openService();
  await service.log.append([
    ...[cart('ann', 'bad 1'), cart('bob', 'bad 2'), cart('ann', 'bad 3'), cart('ann', 'fine'), cart('cem', 'bad 4')],
  ]);
  await service.running.caughtUp();
  const list = await service.cli('list', '--key', 'ann', '--code', 'TypeError', '--topic', SOURCE);
  const id = 'inventory-sync.carts/inventory.carts/1/0';
  expect(list).toContain(id);
  expect(list).toContain('bad 3 makes no sense');
  expect(list).not.toContain('bob');
  expect(await service.cli('list', '--until', '2001-01-01')).not.toContain(id);
  const shown = await service.cli('show', id);
  expect(shown).toContain('"value": "bad 1"');
  expect(shown).toMatch(/TypeError: bad 1 makes no sense\n\s+at /);

  service.shop.broken = false;
  expect(await service.cli('redrive', '--key', 'ann')).toContain('2 of 2 sent again');
  await eventually(() => service.handled.length === 3);
  expect(service.handled).toEqual(['fine', 'bad 1', 'bad 3']);
  expect(await service.cli('discard', 'inventory-sync.carts/inventory.carts/1/1')).toContain('1 of 1 discarded');
  expect(await service.cli('list', '--json')).toMatch(/^\{.*"key":"cem".*\}\n$/);

  const { records } = await service.log.read({ topic: topics.inventoryAudit.name, partition: 0, from: offset(0) });
  const audited = records.map(({ value }) => decodeJson(topics.inventoryAudit, value ?? new Uint8Array()));
  expect(audited).toMatchObject([
    { action: 'dlq.redrive', object: `dead letter ${id}`, principal: { subject: 'cli' } },
    { action: 'dlq.redrive' },
    { action: 'dlq.discard' },
  ]);
}, 120_000);

test('who may only look may not send again, and a filter that nobody knows is refused', async () => {
  await using service = await openService();
  const by = { tenant_id: 'demo', subject: 'looker', roles: ['analyst'], scopes: ['ops:read'] } as const;
  const token = await signToken(service.private_key, by, '5m');
  const post = async (what: string, body: unknown) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const parameters = { method: 'POST', headers, body: JSON.stringify(body) };
    return (await fetch(`${service.address}/v1/dead-letters/${what}`, parameters)).status;
  };
  expect(await post('list', {})).toBe(200);
  expect(await post('redrive', {})).toBe(403);
  expect(await post('discard', {})).toBe(403);
  expect(await post('list', { colour: 'red' })).toBe(400);
});
