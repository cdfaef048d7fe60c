import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';

/** Addresses of the page: each is the same document, which draws what its address says. */
const PAGES = ['flow', 'fraud', 'stock', 'fleet'];
const YEAR_MS = 365 * 24 * 3_600_000;
/** A file beside index.html: a favicon, a manifest. */
const ROOT_FILE = /^[\w-]+\.(svg|png|ico|webmanifest|txt|json)$/;

/** What the pages may do: run our own scripts, talk to this gateway, and nothing else. */
const CONTENT_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self' ws: wss:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const SECURITY_HEADERS = {
  'content-security-policy': CONTENT_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * Serves the built dashboard. Files under /assets carry a hash of their content in their names and are kept for good;
 * the document that names them is asked for each time.
 */
export async function serveDashboard(app: NestFastifyApplication, directory: string): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onSend', async (_request, reply) => void reply.headers(SECURITY_HEADERS));
  const assets = join(directory, 'assets');
  await fastify.register(fastifyStatic, {
    root: existsSync(assets) ? [assets, directory] : directory,
    prefix: '/assets/',
    immutable: true,
    maxAge: YEAR_MS,
    index: false,
    list: false,
    dotfiles: 'ignore',
  });
  const sendPage = (_request: unknown, reply: FastifyReply) => sendDocument(reply, directory);
  fastify.get('/', sendPage);
  for (const page of PAGES) {
    fastify.get(`/${page}`, sendPage);
    fastify.get(`/${page}/*`, sendPage);
  }
  fastify.get<{ Params: { file: string } }>('/:file', (request, reply) => {
    const { file } = request.params;
    if (!ROOT_FILE.test(file) || !existsSync(join(directory, file))) return reply.callNotFound();
    return reply.sendFile(file, directory, { maxAge: 0, immutable: false });
  });
}

function sendDocument(reply: FastifyReply, directory: string): FastifyReply {
  if (!existsSync(join(directory, 'index.html'))) {
    void reply.status(503).header('retry-after', '5').type('text/plain; charset=utf-8');
    return reply.send('The dashboard is not built yet: npm run build\n');
  }
  return reply.sendFile('index.html', directory, { cacheControl: false }).header('cache-control', 'no-cache');
}
