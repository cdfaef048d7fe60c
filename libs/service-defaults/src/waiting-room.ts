import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { NervelineError } from '@nerveline/kernel';
import { errorAnswer } from './errors-over-http';
import type { Readiness } from './readiness';

const RETRY_AFTER_S = 1;

/**
 * Answers at a service's door while what it is made of isn't there yet (a broker that can't be reached, another instance
 * that still works), so that its readiness can be asked: alive, not ready, and why.
 */
export async function openWaitingRoom(
  readiness: Readiness,
  at: { readonly host: string; readonly port: number },
): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => {
    switch (request.url) {
      case '/health/live':
        return answer(response, 200, { alive: true });
      case '/health/ready':
        return answer(response, 503, { ...readiness.report(), ready: false });
      default:
        return answer(
          response,
          503,
          errorAnswer(new NervelineError('NL-API-008', { detail: 'the service is starting' })),
        );
    }
  });
  server.listen(at.port, at.host);
  await once(server, 'listening');
  return {
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    connection: 'close',
    ...(status === 503 && { 'retry-after': String(RETRY_AFTER_S) }),
  });
  response.end(JSON.stringify(body));
}
