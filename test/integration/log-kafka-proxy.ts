import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Stands between a client and a broker, and can stop passing anything on without hanging up. */
export interface TestProxy extends AsyncDisposable {
  readonly broker: string;
  /** Bytes that the broker has sent through it. */
  bytes(): number;
  /** Connections that a client hung up while they were swallowed. */
  given_up(): number;
  /** Nothing gets through any more; or questions do, and their answers don't. */
  swallow(what?: 'everything' | 'answers'): void;
  pass(): void;
}

/** Clients learn the broker's address from its metadata, so the broker has to advertise this one. */
export async function startProxy({ advertised, target }: { advertised: number; target: number }): Promise<TestProxy> {
  let swallowing: 'nothing' | 'answers' | 'everything' = 'nothing';
  let bytes = 0;
  let given_up = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (chunk) => void (swallowing === 'everything' || upstream.write(chunk)));
    upstream.on('data', (chunk) => {
      bytes += chunk.length;
      if (swallowing === 'nothing') client.write(chunk);
    });
    client.on('close', () => {
      if (swallowing !== 'nothing') given_up += 1;
      upstream.destroy();
    });
    upstream.on('close', () => client.destroy());
  }).listen(advertised, '127.0.0.1');
  await once(server, 'listening');
  return {
    broker: `127.0.0.1:${advertised}`,
    bytes: () => bytes,
    given_up: () => given_up,
    swallow: (what = 'everything') => void (swallowing = what),
    pass: () => void (swallowing = 'nothing'),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
