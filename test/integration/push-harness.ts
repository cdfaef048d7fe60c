import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  encodeJson,
  idempotencyKey,
  channelId,
  locationId,
  cardToken,
  merchantId,
  paymentId,
  sku,
  tenantId,
  tenantKey,
  topics,
  type PushItem,
} from '@nerveline/contracts';
import { toNervelineErrorForTest } from './push-errors';
import { scopes, type OutRecord, type Principal, type Scope } from '@nerveline/kernel';
import { openLog, type Log } from '@nerveline/log';
import { isAck, PushClient, PushHub, refusal, type PushIo, type PushLimits } from '@nerveline/push';
import { createTempDirectory } from '@nerveline/testing';
import { Server } from 'socket.io';

/** A log with writers of two services, a gateway's push hub over it, and clients. */
export interface PushHarness extends AsyncDisposable {
  readonly directory: string;
  readonly url: string;
  readonly hub: PushHub;
  readonly inventory: Log;
  readonly fraud: Log;
  readonly errors: unknown[];
  connect(options?: { tenant_id?: string; scopes?: readonly Scope[]; url?: string }): Promise<PushClient>;
  /** Another gateway over the same log. */
  openGateway(limits?: Partial<PushLimits>): Promise<TestGateway>;
}

export interface TestGateway extends AsyncDisposable {
  readonly url: string;
  readonly hub: PushHub;
}

/** Tests name themselves by `TENANT:SCOPE,SCOPE`: tokens are the gateway's matter, not the hub's. */
function toPrincipal(token: unknown): Principal {
  const [tenant_id = '', granted = ''] = String(token).split(' ');
  return {
    tenant_id,
    subject: 'tester',
    roles: [],
    scopes: scopes.filter((scope) => granted.split(',').includes(scope)),
  };
}

export async function openPushHarness(limits: Partial<PushLimits> = {}): Promise<PushHarness> {
  const directory = await createTempDirectory();
  const open = (service: string) => openLog({ data_directory: directory.path, service });
  const [inventory, fraud, reader] = await Promise.all([open('inventory-sync'), open('fraud-scoring'), open('reader')]);
  const errors: unknown[] = [];
  const gateways: TestGateway[] = [];
  const clients: PushClient[] = [];
  const openGateway = async (own: Partial<PushLimits> = limits) => {
    const gateway = await startGateway(reader, own, errors);
    gateways.push(gateway);
    return gateway;
  };
  const first = await openGateway();
  return {
    directory: directory.path,
    url: first.url,
    hub: first.hub,
    inventory,
    fraud,
    errors,
    openGateway,
    connect: async ({ tenant_id = 'demo', scopes: granted = scopes, url = first.url } = {}) => {
      const client = await PushClient.connect({ url, token: `${tenant_id} ${granted.join(',')}` });
      clients.push(client);
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.close();
      for (const gateway of gateways) await gateway[Symbol.asyncDispose]();
      for (const log of [inventory, fraud, reader]) await log.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

async function startGateway(source: Log, limits: Partial<PushLimits>, errors: unknown[]): Promise<TestGateway> {
  const server = createServer();
  const io: PushIo = new Server(server, { serveClient: false });
  const hub = new PushHub({ source, io, limits, onError: (error) => errors.push(error) });
  const answer = async (act: () => unknown, ack: unknown) => {
    if (!isAck(ack)) return;
    try {
      ack({ ok: true, value: await act() });
    } catch (error) {
      ack(refusal(toNervelineErrorForTest(error)));
    }
  };
  io.on('connection', (socket) => {
    hub.admit(socket, toPrincipal(socket.handshake.auth['token']));
    socket.on('subscribe', (request, ack) => void answer(() => hub.subscribe(socket, request), ack));
    socket.on('unsubscribe', (request, ack) => void answer(() => hub.unsubscribe(socket, request), ack));
    socket.on('disconnect', () => hub.leave(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    hub,
    [Symbol.asyncDispose]: async () => {
      hub.close({ retry_after_ms: 100 });
      await io.close();
    },
  };
}

/** A refused reservation: a fact of `stock.refusals`, numbered by its holder. */
export function refusalRecord(n: number, tenant = 'demo', ballast = ''): OutRecord {
  const value = {
    tenant_id: tenantId.parse(tenant),
    channel_id: channelId.parse('web'),
    holder: `cart-${n}${ballast}`,
    lines: [],
    refused: [],
    event_ms: n,
  };
  const topic = topics.refusals;
  return { topic: topic.name, key: tenantKey(tenant, 'web'), value: encodeJson(topic, value), timestamp_ms: n };
}

/** What a channel may sell of a SKU: a gauge of `stock.channels`. `null` removes the SKU. */
export function stockRecord(name: string, available: number | null, tenant = 'demo', locations = 0): OutRecord {
  const topic = topics.channelStock;
  const key = tenantKey(tenant, name, 'web');
  if (available === null) return { topic: topic.name, key, value: null, timestamp_ms: 0 };
  const value = {
    tenant_id: tenantId.parse(tenant),
    sku: sku.parse(name),
    channel_id: channelId.parse('web'),
    available,
    sold_out: available === 0,
    version: available,
    by_location: Array.from({ length: locations }, (_, n) => ({
      location_id: locationId.parse(`location-${n}`),
      on_hand: available,
      reserved: 0,
    })),
    event_ms: available,
  };
  return { topic: topic.name, key, value: encodeJson(topic, value), timestamp_ms: available };
}

/** A decided payment: a fact of `fraud.decisions`, which has several partitions. */
export function decisionRecord(n: number, tenant = 'demo'): OutRecord {
  const topic = topics.decisions;
  const card = cardToken.parse(`card-${n % 37}`);
  const payment_id = paymentId.parse(`p-${n}`);
  const value = {
    format_version: 1 as const,
    request: {
      payment_id,
      idempotency_key: idempotencyKey.parse(`k-${n}`),
      card,
      amount_minor: n,
      currency: 'EUR',
      merchant_id: merchantId.parse('m-1'),
      event_ms: n,
    },
    decision: {
      decision_id: `d-${n}`,
      payment_id,
      verdict: 'allow' as const,
      score: 0,
      reasons: [],
      read_vector: { offsets: {}, versions: {}, event_clock_ms: n },
    },
    principal: { tenant_id: tenantId.parse(tenant), subject: 'payer', roles: [], scopes: [] },
  };
  return { topic: topic.name, key: tenantKey(tenant, card), value: encodeJson(topic, value), timestamp_ms: n };
}

/** A jam: a fact of `fleet.traffic`. */
export function trafficRecord(n: number, tenant = 'demo'): OutRecord {
  const topic = topics.traffic;
  const value = {
    tenant_id: tenantId.parse(tenant),
    idempotency_key: idempotencyKey.parse(`k-${n}`),
    incident_id: `i-${n}`,
    kind: 'jam' as const,
    where: { kind: 'segments' as const, segment_ids: [1] },
    reason: 'jam on Ring East',
    ends_at_ms: null,
    event_ms: n,
    segment_ids: [1],
    vehicles_hit: 0,
    metric_version: 1,
  };
  return { topic: topic.name, key: tenantKey(tenant, `i-${n}`), value: encodeJson(topic, value), timestamp_ms: n };
}

/** The number that a test's record was made with. */
export const numberOf = (item: PushItem): number => item.event_ms;

/** Appends numbered records in batches of `size`, letting others run between. */
export async function appendNumbered(
  log: Log,
  make: (n: number) => OutRecord,
  range: { readonly from: number; readonly to: number; readonly size?: number },
): Promise<void> {
  const { from, to, size = 25 } = range;
  for (let n = from; n < to; n += size) {
    await log.append(Array.from({ length: Math.min(size, to - n) }, (_, i) => make(n + i)));
  }
}
