import { mkdirSync } from 'node:fs';
import fastify from 'fastify';
import { open } from 'lmdb';

/*
 * The least that a service in Node can do for an answer that is durable: Fastify takes a JSON body, LMDB makes it durable,
 * the answer goes out. No guard, no check, no rule, no state. What lmdb gathers in a turn shares a sync.
 */

const [directory = ''] = process.argv.slice(2);
mkdirSync(directory, { recursive: true });
// As the log does it: without overlapping syncs the promise of a put stands for what is on the disk.
const appended = open<Buffer, number>({ path: directory, encoding: 'binary', overlappingSync: false });
let next_offset = 0;

const server = fastify();
server.post('/append', async ({ body }) => {
  const offset = next_offset;
  next_offset += 1;
  await appended.put(offset, Buffer.from(JSON.stringify(body)));
  return { offset };
});
process.on('disconnect', () => process.exit(0));
void server.listen({ port: 0, host: '127.0.0.1' }).then((address) => process.send?.({ address }));
