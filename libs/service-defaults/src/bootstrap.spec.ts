import { once } from 'node:events';
import { connect } from 'node:net';
import { Body, Controller, Get, Module, Post, UseGuards } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { Principal } from '@nerveline/kernel';
import { createTempDirectory, createTestKeys, eventually, freePort } from '@nerveline/testing';
import { z } from 'zod';
import {
  CurrentPrincipal,
  Describe,
  Public,
  Readiness,
  readSettings,
  Scope,
  ScopeGuard,
  serviceSettings,
  SignedIn,
  startService,
} from './index';

const order = z.strictObject({ sku: z.string(), quantity: z.int().min(1) });

@Controller('v1/orders')
class OrdersController {
  @Post()
  @Scope('stock:reserve')
  @Describe({ summary: 'Takes an order.', answer: z.object({ by: z.string() }) })
  take(@Body({ schema: order }) body: z.infer<typeof order>, @CurrentPrincipal() principal: Principal) {
    return { by: principal.subject, ...body };
  }
}

@Controller('open')
class OpenController {
  @Get()
  @Public()
  open() {
    return {};
  }
}

@Controller('forgotten')
class ForgottenController {
  @Get()
  read() {
    return {};
  }
}

@Controller('signed-in')
@SignedIn()
class SignedInController {
  @Get()
  who(@CurrentPrincipal() { subject }: Principal) {
    return { subject };
  }
}

@Controller()
@UseGuards(ScopeGuard)
class UnscopedMessages {
  @MessagePattern('orders.take')
  take(): void {}
}

@Controller()
@Scope('stock:write')
class UnguardedMessages {
  @MessagePattern('orders.take')
  take(): void {}
}

@Module({ controllers: [UnscopedMessages] })
class UnscopedMessagesModule {}

@Module({ controllers: [UnguardedMessages] })
class UnguardedMessagesModule {}

@Module({ controllers: [SignedInController, OrdersController, OpenController] })
class OrdersModule {}

@Module({ controllers: [ForgottenController] })
class ForgottenModule {}

async function openService(module: new () => object = OrdersModule) {
  const keys = await createTestKeys();
  const directory = await createTempDirectory();
  const settings = readSettings(serviceSettings, {
    NERVELINE_DATA_DIR: directory.path,
    NERVELINE_JWKS: keys.jwks,
    LOG_LEVEL: 'fatal',
    BODY_LIMIT_BYTES: '2048',
  });
  const release = async () => {
    await keys[Symbol.asyncDispose]();
    await directory[Symbol.asyncDispose]();
  };
  const service = await startService({ service: 'orders', module, settings }).catch(async (error: unknown) => {
    await release();
    throw error;
  });
  const post = (body: string, token?: string, type = 'application/json') =>
    fetch(`${service.address}/v1/orders`, {
      method: 'POST',
      body,
      headers: { 'content-type': type, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    });
  return {
    service,
    keys,
    post,
    [Symbol.asyncDispose]: async () => {
      await service.stop();
      await release();
    },
  };
}

const errorOf = async (answer: Response) => ((await answer.json()) as { error: Record<string, unknown> }).error;

test('a caller with the scope is served and known by name', async () => {
  await using open = await openService();
  const token = await open.keys.token({ subject: 'shop-1', scopes: ['stock:reserve'] });
  const answer = await open.post('{"sku":"A-17","quantity":2}', token);
  expect(answer.status).toBe(201);
  expect(await answer.json()).toEqual({ by: 'shop-1', sku: 'A-17', quantity: 2 });
});

test.each([
  ['no token', undefined, 'NL-API-004'],
  ['a token that nobody signed', 'e30.e30.e30', 'NL-API-004'],
])('%s is answered with 401 and a code', async (_name, token, code) => {
  await using open = await openService();
  const answer = await open.post('{"sku":"A-17","quantity":2}', token);
  expect(answer.status).toBe(401);
  expect(await errorOf(answer)).toMatchObject({ code, retriable: false });
});

test('a token without the scope is refused and the scope is named', async () => {
  await using open = await openService();
  const answer = await open.post('{"sku":"A-17","quantity":2}', await open.keys.token({ scopes: ['fleet:read'] }));
  expect(answer.status).toBe(403);
  expect(await errorOf(answer)).toMatchObject({ code: 'NL-API-005', detail: 'this needs the scope stock:reserve' });
});

test('an expired token is refused', async () => {
  await using open = await openService();
  const answer = await open.post('{"sku":"A-17","quantity":2}', await open.keys.token({ expires_in: '-1s' }));
  expect(answer.status).toBe(401);
});

test.each([
  ['malformed JSON', '{"sku":', 'application/json', 400, 'NL-API-002', undefined],
  ['an unknown field', '{"sku":"A","quantity":1,"colour":"red"}', 'application/json', 400, 'NL-API-001', 'colour'],
  ['a wrong type', '{"sku":"A","quantity":"1"}', 'application/json', 400, 'NL-API-001', 'quantity'],
  ['another content type', 'sku=A', 'text/csv', 415, 'NL-API-009', undefined],
  ['text, which Fastify takes by itself', '{"sku":"A","quantity":1}', 'text/plain', 415, 'NL-API-009', undefined],
  ['a form, which Nest takes', 'sku=A&quantity=1', 'application/x-www-form-urlencoded', 415, 'NL-API-009', undefined],
  [
    'a body over the limit',
    JSON.stringify({ sku: 'x'.repeat(4096) }),
    'application/json',
    413,
    'NL-API-003',
    undefined,
  ],
])('%s is answered with a code that names what is wrong', async (_name, body, type, status, code, field) => {
  await using open = await openService();
  const answer = await open.post(body, await open.keys.token(), type);
  expect(answer.status).toBe(status);
  const error = await errorOf(answer);
  expect(error).toMatchObject({ code });
  expect(error['field']).toBe(field);
});

test('a sender of far too much hears so, and its connection lasts until it is done sending', async () => {
  await using open = await openService();
  const { hostname, port } = new URL(open.service.address);
  const socket = connect(Number(port), hostname);
  let heard = '';
  const heardAll = new Promise<string>((resolve, reject) => {
    socket.on('error', reject).on('close', () => resolve(heard));
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
    });
  });
  const body_bytes = 50 * 1_048_576;
  const headers = `authorization: Bearer ${await open.keys.token()}\r\ncontent-type: application/json`;
  socket.write(`POST /v1/orders HTTP/1.1\r\nhost: x\r\n${headers}\r\ncontent-length: ${body_bytes}\r\n\r\n`);
  await once(socket, 'data');
  socket.write(Buffer.alloc(body_bytes, 'x'));
  socket.write('GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  expect((await heardAll).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
});

test('a route that declares no scope stops the start', async () => {
  await expect(openService(ForgottenModule)).rejects.toMatchObject({ code: 'NL-API-010' });
});

test.each([
  ['declares no scope', UnscopedMessagesModule],
  ['has no guard that looks at its scope', UnguardedMessagesModule],
])('a message pattern that %s stops the start', async (_name, module) => {
  await expect(openService(module)).rejects.toMatchObject({ code: 'NL-API-010' });
});

test('a route for all that are signed in takes any good token, and nobody without one', async () => {
  await using open = await openService();
  const get = (headers: Record<string, string>) => fetch(`${open.service.address}/signed-in`, { headers });
  const answer = await get({ authorization: `Bearer ${await open.keys.token({ subject: 'ann', scopes: [] })}` });
  expect(await answer.json()).toEqual({ subject: 'ann' });
  expect(await errorOf(await get({}))).toMatchObject({ code: 'NL-API-004' });
});

test('an unknown route is a 404 with a code', async () => {
  await using open = await openService();
  const answer = await fetch(`${open.service.address}/nowhere`);
  expect(answer.status).toBe(404);
  expect(await errorOf(answer)).toMatchObject({ code: 'NL-API-006' });
});

test('an address that is no address is a 400 with a code', async () => {
  await using open = await openService();
  const answer = await fetch(`${open.service.address}/v1/%E0%A4%A`);
  expect(answer.status).toBe(400);
  expect(await errorOf(answer)).toMatchObject({ code: 'NL-API-001', field: 'url', retriable: false });
});

test('health, metrics and the API document need no token', async () => {
  await using open = await openService();
  const get = async (path: string) => (await fetch(`${open.service.address}${path}`)).text();
  expect(JSON.parse(await get('/health/ready'))).toMatchObject({ ready: true });
  expect(await get('/metrics')).toContain('process_resident_memory_bytes');
  const document = JSON.parse(await get('/openapi.json')) as { paths: Record<string, { post?: object }> };
  expect(document.paths['/v1/orders']?.post).toMatchObject({ security: [{ bearer: ['stock:reserve'] }] });
  expect(await get('/docs')).toContain('POST /v1/orders');
});

test('the first wrong setting is named', () => {
  expect(() => readSettings(serviceSettings, { NERVELINE_DATA_DIR: 'd', NERVELINE_JWKS: 'j', PORT: '70000' })).toThrow(
    expect.objectContaining({ code: 'NL-API-012', field: 'PORT' }),
  );
});

describe('a service whose log is on Kafka', () => {
  test('answers at its door while the log is waited for: alive, not ready and why; then as itself', async () => {
    await using keys = await createTestKeys();
    await using directory = await createTempDirectory();
    const port = await freePort();
    const readiness = new Readiness();
    readiness.add('kafka', () => ({ ready: false, detail: 'waits for Kafka: 127.0.0.1:1: refused' }));
    let open = (): void => undefined;
    const log = new Promise<void>((resolve) => (open = resolve));
    let openNext = (): void => undefined;
    const next = new Promise<void>((resolve) => (openNext = resolve));
    const settings = readSettings(serviceSettings, {
      NERVELINE_DATA_DIR: directory.path,
      NERVELINE_JWKS: keys.jwks,
      KAFKA_BROKERS: '127.0.0.1:1',
      LOG_LEVEL: 'fatal',
      PORT: String(port),
    });
    const module = {
      module: OrdersModule,
      controllers: [OrdersController],
      // Some open it where they are made, some when Nest tells them that all are there.
      providers: [
        { provide: 'LOG', useFactory: () => log },
        { provide: 'RUNNER', useFactory: () => ({ onModuleInit: () => next }) },
      ],
    };
    const starting = startService({ service: 'orders', module, settings }, readiness);
    const ask = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: answer.status, body: await answer.json() };
    };
    const unready = await eventually(() => ask('/health/ready'));
    expect(unready).toMatchObject({ status: 503, body: { ready: false, checks: { kafka: { ready: false } } } });
    expect(JSON.stringify(unready.body)).toContain('waits for Kafka: 127.0.0.1:1: refused');
    expect(await ask('/health/live')).toEqual({ status: 200, body: { alive: true } });
    expect(await ask('/v1/orders')).toMatchObject({ status: 503, body: { error: { code: 'NL-API-008' } } });
    open();
    expect(await ask('/health/ready')).toMatchObject({ status: 503 });
    openNext();
    const service = await starting;
    expect(await ask('/v1/orders')).toMatchObject({ status: 404 });
    await service.stop();
  });
});
