import { Pool } from 'undici';
import { percentiles, round } from '../percentiles';
import { anyPayment } from './payments';

/** What the load generator is asked for. */
export interface LoadRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  /** Open loop: requests are due at this rate, answered or not. Absent: each connection asks again when it is answered. */
  readonly rate_per_s?: number;
  readonly for_ms: number;
}

/** What it measured; of an open loop the latency counts from when a request was due. */
export interface LoadResult {
  readonly requests: number;
  readonly per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly p999_ms: number;
}

/** More in flight than this means that the server can't keep up at all. */
const MAX_IN_FLIGHT = 10_000;

async function load({ url, headers, connections, rate_per_s, for_ms }: LoadRequest): Promise<LoadResult> {
  const { origin, pathname: path } = new URL(url);
  const pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: 30_000 });
  const latencies_ms: number[] = [];
  const send = async (due_ms: number): Promise<void> => {
    const { statusCode, body } = await pool.request({ path, method: 'POST', headers, body: anyPayment() });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${text}`);
    latencies_ms.push(performance.now() - due_ms);
  };
  const begun_ms = performance.now();
  const until_ms = begun_ms + for_ms;
  if (rate_per_s === undefined) {
    const ask = async (): Promise<void> => {
      while (performance.now() < until_ms) await send(performance.now());
    };
    await Promise.all(Array.from({ length: connections }, ask));
  } else {
    await sendWhenDue(send, { begun_ms, rate_per_s, requests: (for_ms / 1_000) * rate_per_s });
  }
  const took_ms = performance.now() - begun_ms;
  await pool.close();
  const [p50_ms = 0, p99_ms = 0, p999_ms = 0] = percentiles(latencies_ms, [0.5, 0.99, 0.999]);
  const requests = latencies_ms.length;
  return { requests, per_s: round((requests * 1_000) / took_ms), p50_ms, p99_ms, p999_ms };
}

async function sendWhenDue(
  send: (due_ms: number) => Promise<void>,
  plan: { readonly begun_ms: number; readonly rate_per_s: number; readonly requests: number },
): Promise<void> {
  const in_flight = new Set<Promise<void>>();
  let failure: Error | undefined;
  for (let i = 0; i < plan.requests; i += 1) {
    const due_ms = plan.begun_ms + (i * 1_000) / plan.rate_per_s;
    // A timer is up to a millisecond late, as much as what is measured: so turn by turn.
    while (performance.now() < due_ms) await new Promise((resolve) => setImmediate(resolve));
    const sent: Promise<void> = send(due_ms)
      .catch((error: unknown) => (failure ??= error instanceof Error ? error : new Error(String(error))))
      .then(() => void in_flight.delete(sent));
    in_flight.add(sent);
    if (failure !== undefined || in_flight.size > MAX_IN_FLIGHT) throw failure ?? new Error('the server is overrun');
  }
  await Promise.all(in_flight);
  if (failure !== undefined) throw failure;
}

process.on('disconnect', () => process.exit(0));
process.on('message', (request: LoadRequest) => {
  load(request).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
