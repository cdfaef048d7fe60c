import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Catch,
  Controller,
  createParamDecorator,
  Injectable,
  Module,
  ParseIntPipe,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { NervelineError, tenantKey, type OutRecord, type Principal } from '@nerveline/kernel';
import {
  deadLettersController,
  LogClient,
  type LogContext,
  LogRequest,
  type LogRequestContext,
  LogTransport,
  openLog,
  readDeadLetters,
  requestsController,
  type Effects,
  type Log,
  type LogTopic,
  type LogTransportOptions,
  type RequestPattern,
} from '@nerveline/log';
import { createTempDirectory, eventually, freePort } from '@nerveline/testing';
import { firstValueFrom, of, tap, throwError, type Observable } from 'rxjs';
import { z } from 'zod';

const age = { kind: 'age', retention_ms: 3_600_000 } as const;
const compacted = { retention: { kind: 'compacted' }, wraps_records: true } as const;
const logTopic = (name: string, more: Partial<LogTopic> = {}): LogTopic => ({
  ...{ name, owner: 'shop', partitions: 2, retention: age },
  ...more,
});
const orderSchema = z.strictObject({ amount_minor: z.int(), mood: z.string().optional() });
type Order = z.infer<typeof orderSchema>;

const orders = { name: 'orders', schema: orderSchema };
const fixes = { name: 'fixes', schema: z.strictObject({ at: z.int() }) };
const failures = { parked: 'shop.parked', dead_letters: 'shop.dlq' };
const catalogue = [
  ...[logTopic('orders'), logTopic('fixes'), logTopic('totals'), logTopic('shop.audit')],
  ...[logTopic('shop.parked', compacted), logTopic('shop.dlq', compacted)],
];

const price: RequestPattern<{ order: string }, { order: string; by: string; key: string }> = {
  name: 'price.ask',
  topic: 'orders',
  request: z.strictObject({ order: z.string() }),
  answer: z.strictObject({ order: z.string(), by: z.string(), key: z.string() }),
  key: ({ order }, { tenant_id }) => tenantKey(tenant_id, order),
};

const ann: Principal = { tenant_id: 'demo', subject: 'ann', roles: [], scopes: [] };
const sender = { principal: ann, token: 'secret' };

const order = (key: string, value: unknown): OutRecord => ({
  ...{ topic: 'orders', key, value: Buffer.from(JSON.stringify(value)), timestamp_ms: 1 },
});

const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();

const heard: string[] = [];
const seen: LogContext[] = [];

@Injectable()
class OnlyPolite implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToRpc().getData<Order>().mood !== 'rude';
  }
}

@Injectable()
class Listening implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(tap(() => heard.push(`heard ${context.switchToRpc().getContext<LogContext>().key}`)));
  }
}

class Forgiven extends Error {}

@Catch(Forgiven)
class Forgiving implements ExceptionFilter {
  catch(error: Forgiven, host: ArgumentsHost): Observable<undefined> {
    heard.push(`forgave ${error.message} of ${host.switchToRpc().getContext<LogContext>().key}`);
    return of(undefined);
  }
}

@Controller()
class ShopController {
  @EventPattern(orders)
  @UseGuards(OnlyPolite)
  @UseInterceptors(Listening)
  @UseFilters(Forgiving)
  take(
    @Payload() order: Order,
    @Payload('amount_minor', ParseIntPipe) amount: number,
    @Ctx() context: LogContext,
  ): Effects {
    seen.push(context);
    if (order.mood === 'forgotten') throw new Forgiven('it');
    if (order.mood === 'down' && context.attempt < 3) throw new NervelineError('NL-LOG-008', { detail: 'down' });
    if (order.mood === 'wrapped') throw new RpcException(new NervelineError('NL-LOG-014', { detail: 'wrapped' }));
    if (order.mood === 'broken') throw new RangeError('broken');
    const value = Buffer.from(`${amount}`);
    return { appends: [{ topic: 'totals', key: context.key, value, timestamp_ms: context.record.timestamp_ms }] };
  }

  @MessagePattern(price)
  answer(@Payload() { order }: { order: string }, @Ctx() context: LogRequestContext): unknown {
    if (order === 'unknown') return throwError(() => new NervelineError('NL-API-006', { detail: 'no such order' }));
    if (order === 'slow') return new Promise(() => undefined);
    return { order, by: context.principal.subject, key: context.key };
  }
}

const batches: number[][] = [];

@Controller()
class FixesController {
  @EventPattern(fixes, { batch: true })
  take(@Payload() batch: { at: number }[], @Ctx() context: LogContext): void {
    expect(context.records).toHaveLength(batch.length);
    batches.push(batch.map(({ at }) => at));
  }
}

interface Shop extends AsyncDisposable {
  readonly log: Log;
  readonly app: NestFastifyApplication;
  readonly transport: LogTransport;
  readonly address: string;
  dead(): Promise<{ code: string | undefined; key: string }[]>;
  totals(): Promise<string[]>;
}

@Catch()
class OverHttp implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const known = error instanceof NervelineError ? error : new NervelineError('NL-API-500', { detail: String(error) });
    const reply = host.switchToHttp().getResponse<{ status(code: number): { send(body: unknown): void } }>();
    reply.status(known.http_status).send({ error: { code: known.code, detail: known.detail } });
  }
}

const anybody: MethodDecorator = () => undefined;
const byAnn = createParamDecorator(() => ann)();

async function openShop(
  options: Partial<LogTransportOptions> & { controllers?: (typeof ShopController)[] } = {},
): Promise<Shop> {
  const directory = await createTempDirectory();
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const log = await openLog({ data_directory: directory.path, service: 'shop', address, catalogue });
  const { controllers = [ShopController, FixesController], ...more } = options;
  const transport = new LogTransport({
    ...{ log, group: 'shop.orders', topics: [orders, fixes], failures },
    retry: { first_ms: 1, longest_ms: 2, in_place_ms: 1_000 },
    ...more,
  });
  const TRANSPORT = Symbol('transport');
  const DESK = Symbol('desk');
  @Module({
    controllers: [
      ...controllers,
      requestsController({ transport: TRANSPORT, may: anybody, principal: byAnn }),
      deadLettersController({ desk: DESK, mayRead: anybody, mayWrite: anybody, principal: byAnn }),
    ],
    providers: [
      { provide: TRANSPORT, useValue: transport },
      {
        provide: DESK,
        useValue: { log, dead_letters: 'shop.dlq', audit: 'shop.audit', processors: transport.processors },
      },
    ],
  })
  class ShopModule {}
  const app = await NestFactory.create<NestFastifyApplication>(ShopModule, new FastifyAdapter(), { logger: false });
  app.useGlobalFilters(new OverHttp());
  app.connectMicroservice({ strategy: transport });
  const close = async () => {
    await app.close();
    await log.close();
    await directory[Symbol.asyncDispose]();
  };
  try {
    await app.startAllMicroservices();
    await app.listen(port);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...{ log, app, transport, address },
    dead: async () =>
      (await readDeadLetters(log, 'shop.dlq')).map(({ failure, key }) => ({
        code: failure?.code,
        key: Buffer.from(key ?? '', 'base64').toString(),
      })),
    totals: async () => {
      const all: string[] = [];
      for (const partition of [0, 1]) {
        const { start_offset: from } = await log.tail('totals', partition);
        all.push(
          ...(await log.read({ topic: 'totals', partition, from })).records.map(
            ({ key, value }) => `${text(key)} ${text(value)}`,
          ),
        );
      }
      return all.sort();
    },
    [Symbol.asyncDispose]: close,
  };
}

beforeEach(() => {
  heard.length = 0;
  seen.length = 0;
  batches.length = 0;
});

test('an event reaches its handler through guard, pipe and interceptor, with its context; its effects are committed with its position', async () => {
  await using shop = await openShop();
  await shop.log.append([{ ...order('a', { amount_minor: 7 }), headers: { traceparent: 't' } }]);
  await shop.transport.caughtUp();
  expect(await shop.totals()).toEqual(['a 7']);
  expect(heard).toEqual(['heard a']);
  const [context] = seen;
  expect(context).toMatchObject({ key: 'a', offset: 0, headers: { traceparent: 't' }, attempt: 1 });
  expect(context?.deadline_ms).toBeGreaterThanOrEqual(0);
  context?.heartbeat();
});

test('records of a batch handler come together, each checked by the schema', async () => {
  await using shop = await openShop();
  const fix = (at: unknown): OutRecord => ({
    ...{ topic: 'fixes', partition: 0, key: 'v', value: Buffer.from(JSON.stringify({ at })), timestamp_ms: 1 },
  });
  await shop.log.append([fix(1), fix(2), fix('three'), fix(4)]);
  await shop.transport.caughtUp();
  expect(batches.flat()).toEqual([1, 2, 4]);
  expect(batches[0]?.length).toBeGreaterThan(1);
  expect(await shop.dead()).toEqual([{ code: 'NL-LOG-011', key: 'v' }]);
});

test("what a handler throws keeps its kind: tried again, a dead letter with its own code, or what the application's filter makes of it", async () => {
  await using shop = await openShop();
  const moods = ['down', 'broken', 'wrapped', 'rude', 'forgotten'];
  await shop.log.append(moods.map((mood, i) => order(mood, { amount_minor: i, mood })));
  await shop.transport.caughtUp();
  expect(await shop.totals()).toEqual(['down 0']);
  expect(heard).toContain('forgave it of forgotten');
  expect((await shop.dead()).sort((a, b) => a.key.localeCompare(b.key))).toEqual([
    { code: 'RangeError', key: 'broken' },
    { code: 'RpcException', key: 'rude' },
    { code: 'NL-LOG-014', key: 'wrapped' },
  ]);
});

test('what breaks the schema stops the service where that is asked for', async () => {
  let ended: unknown;
  await using shop = await openShop({ on_invalid: 'stop', onFatal: (error) => (ended = error) });
  await shop.log.append([order('a', { amount_minor: 'much' })]);
  expect(await eventually(() => ended)).toMatchObject({ code: 'NL-LOG-011', field: 'amount_minor' });
});

test('a topic without a handler and a handler without a topic stop the start, by their names', async () => {
  await expect(openShop({ controllers: [ShopController] as never })).rejects.toThrow(/NL-LOG-032.*fixes/);
  await expect(openShop({ topics: [orders] })).rejects.toThrow(/NL-LOG-032.*fixes/);
});

test('two handlers of one topic stop the start: one of them would have no position', async () => {
  @Controller()
  class Second {
    @EventPattern(orders)
    take(): void {}
  }
  await expect(openShop({ controllers: [ShopController, FixesController, Second] as never })).rejects.toThrow(
    'NL-LOG-031',
  );
});

test('a request is answered by the owner of its key, its errors keep their code, and who is late is told so', async () => {
  await using shop = await openShop();
  const client = new LogClient({ log: shop.log, sender });
  expect(await firstValueFrom(client.send(price, { order: 'o-1' }))).toEqual({
    ...{ order: 'o-1', by: 'ann', key: 'demo/o-1' },
  });
  await expect(firstValueFrom(client.send(price, { order: 'unknown' }))).rejects.toMatchObject({ code: 'NL-API-006' });
  await expect(firstValueFrom(client.send(price, { wrong: 1 }))).rejects.toMatchObject({ code: 'NL-API-001' });
  const slow = new LogRequest({ order: 'slow' }, { deadline_ms: 200 });
  await expect(firstValueFrom(client.send(price, slow))).rejects.toMatchObject({ code: 'NL-LOG-034' });
});

test('a request with the generation of another owner is refused', async () => {
  await using shop = await openShop();
  await shop.transport.caughtUp();
  const { generation } = await shop.log.ownerOf('orders', 'demo/o-1');
  const ask = (as: number) =>
    fetch(`${shop.address}/v1/requests/price.ask`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-owner-generation': String(as) },
      body: JSON.stringify({ data: { order: 'o-1' } }),
    });
  expect((await ask(generation)).status).toBe(200);
  expect((await ask(generation + 1)).status).toBe(421);
});

/** Takes the requests at the address of an owner, and does with each what it is told to. */
async function openOwner(...turns: readonly ('hang up' | 'closing' | 'answer' | 'refuse')[]) {
  const taken: { readonly data: unknown; readonly headers: Readonly<Record<string, unknown>> }[] = [];
  const server = createServer((request, response) => {
    const turn = turns[taken.length] ?? 'answer';
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      taken.push({ data: JSON.parse(body), headers: request.headers });
      if (turn === 'hang up') return void request.socket.destroy();
      if (turn === 'closing') return void response.writeHead(503).end('Service Unavailable');
      const error = { code: 'NL-INV-008', detail: 'only an adjustment', field: 'quantity' };
      if (turn === 'refuse') return void response.writeHead(409).end(JSON.stringify({ error }));
      return void response.end(JSON.stringify({ answer: { order: 'o-1', by: 'ann', key: 'demo/o-1' } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const log = { ownerOf: async () => ({ address, generation: 1 as never }), append: async () => [] };
  return {
    taken,
    client: new LogClient({ log, sender }),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

test('the answer to an idempotent request that got lost is asked for again; of another one nobody knows what came', async () => {
  await using owner = await openOwner('hang up', 'closing', 'answer');
  const idempotent = { ...price, idempotent: true };
  expect(await firstValueFrom(owner.client.send(idempotent, { order: 'o-1' }))).toMatchObject({ order: 'o-1' });
  expect(owner.taken).toHaveLength(3);
  await using once = await openOwner('hang up');
  await expect(firstValueFrom(once.client.send(price, { order: 'o-1' }))).rejects.toMatchObject({ code: 'NL-API-011' });
  expect(once.taken).toHaveLength(1);
});

test("an owner's refusal reaches the caller whole, and is asked for once", async () => {
  await using owner = await openOwner('refuse');
  const asking = firstValueFrom(owner.client.send({ ...price, idempotent: true }, { order: 'o-1' }));
  await expect(asking).rejects.toMatchObject({ code: 'NL-INV-008', detail: 'only an adjustment', field: 'quantity' });
  expect(owner.taken).toHaveLength(1);
});

test('a request carries who asks, what else is to be known, and how long its caller still waits', async () => {
  await using owner = await openOwner('answer');
  const more = { headers: { traceparent: 't' }, deadline_ms: 1_000 };
  await firstValueFrom(owner.client.send(price, new LogRequest({ order: 'o-1' }, more)));
  const [{ headers }] = owner.taken as [(typeof owner.taken)[number]];
  expect(headers).toMatchObject({ authorization: 'Bearer secret', traceparent: 't', 'x-owner-generation': '1' });
  expect(Number(headers['x-deadline-ms'])).toBeLessThanOrEqual(1_000);
  expect(Number(headers['x-deadline-ms'])).toBeGreaterThan(0);
});

test('an owner that was overtaken while it worked gives no answer', async () => {
  await using shop = await openShop();
  await shop.transport.caughtUp();
  const { generation } = await shop.log.ownerOf('orders', 'demo/o-1');
  let asked = 0;
  const late = new LogTransport({
    ...{ log: shop.log, group: 'shop.late', topics: [], failures },
    // Another process has the partition by the time the handler is done.
    owns_through: () => [{ ownership: () => ({ generation: asked++ === 0 ? generation : generation + 1 }) }] as never,
  });
  late.addHandler(price, async () => ({ order: 'o-1', by: 'ann', key: 'demo/o-1' }));
  const call = { headers: {}, principal: ann, generation, deadline_ms: 0, signal: new AbortController().signal };
  await expect(late.answer('price.ask', { order: 'o-1' }, call)).rejects.toMatchObject({ code: 'NL-LOG-034' });
  expect(asked).toBe(2);
});

test('an emitted event is durable in its topic, checked by the schema', async () => {
  await using shop = await openShop();
  const client = new LogClient({ log: shop.log });
  await firstValueFrom(client.emit(orders, { key: 'e', value: { amount_minor: 3 }, timestamp_ms: 5 }));
  await shop.transport.caughtUp();
  expect(await shop.totals()).toEqual(['e 3']);
  const wrong = client.emit(orders, { key: 'e', value: { amount_minor: 'x' }, timestamp_ms: 5 });
  await expect(firstValueFrom(wrong)).rejects.toMatchObject({ code: 'NL-LOG-011' });
});

test('a stop lets the handler in hand end, and commits what it did', async () => {
  const shop = await openShop();
  await shop.log.append(Array.from({ length: 50 }, (_, i) => order(`k-${i}`, { amount_minor: i })));
  await eventually(() => seen.length > 0);
  await shop.transport.close();
  const done = seen.length;
  expect(await shop.totals()).toHaveLength(done);
  const positions = await shop.log.positions('shop.orders');
  const settled = positions.reduce(
    (sum, { next_offset, applied_above }) => sum + next_offset + applied_above.length,
    0,
  );
  expect(settled).toBe(done);
  await shop[Symbol.asyncDispose]();
});
