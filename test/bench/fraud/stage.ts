import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { encodeJson, topics } from '@nerveline/contracts';
import type { OutRecord } from '@nerveline/kernel';
import { openLog } from '@nerveline/log';
import { createTempDirectory, createTestKeys, eventually, freePort } from '@nerveline/testing';
import type { LoadRequest, LoadResult } from './load';

/** The two servers under test, and who asks them: each a process of its own. */
export interface Stage extends AsyncDisposable {
  readonly fraud_url: string;
  readonly bare_url: string;
  readonly headers: Readonly<Record<string, string>>;
  load(request: LoadRequest): Promise<LoadResult>;
}

/** fraud-scoring as its own program with the flags of Node left alone, its lists read and empty, and the bare server, on the same disk. */
export async function openStage(): Promise<Stage> {
  const keys = await createTestKeys();
  const directory = await createTempDirectory();
  const relay_log = await openLog({ service: 'cdc-relay', data_directory: directory.path });
  await relay_log.append([tablesRead()]);
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const fraud = fork(resolve('dist/apps/fraud-scoring/src/main.js'), {
    env: {
      ...process.env,
      NERVELINE_DATA_DIR: directory.path,
      NERVELINE_JWKS: keys.jwks,
      LOG_LEVEL: 'error',
      PORT: String(port),
    },
  });
  const bare = fork(require.resolve('./bare-server'), [join(directory.path, 'bare')]);
  const [{ address: bare_address }] = (await once(bare, 'message')) as [{ address: string }];
  await eventually(async () => (await fetch(`${address}/health/ready`)).ok, { within_ms: 30_000, what: 'the service' });
  const generator = fork(require.resolve('./load'));
  return {
    fraud_url: `${address}/v1/payments/decisions`,
    bare_url: `${bare_address}/append`,
    headers: { authorization: `Bearer ${await keys.token()}`, 'content-type': 'application/json' },
    load: async (request) => {
      generator.send(request);
      const [answer] = (await once(generator, 'message')) as [{ result: LoadResult } | { error: string }];
      if ('error' in answer) throw new Error(answer.error);
      return answer.result;
    },
    [Symbol.asyncDispose]: async () => {
      for (const child of [generator, bare, fraud]) await end(child);
      await relay_log.close();
      await directory[Symbol.asyncDispose]();
      await keys[Symbol.asyncDispose]();
    },
  };
}

/** What the relay says when it has read the tables that fraud scoring waits for, all of them empty. */
function tablesRead(): OutRecord {
  const table = {
    relation_oid: 1,
    state: 'finished' as const,
    snapshot_lsn: '0/1',
    chunks: 0,
    rows: 0,
    after_key: null,
  };
  const progress = {
    format_version: 1 as const,
    slot: 'bench',
    epoch: { system_id: '1', timeline: 1 },
    floor_lsn: '0/1',
    partitions: {},
    tables: { 'fraud.block_list': table, 'fraud.card_profiles': table, 'platform.event_clock': table },
  };
  const topic = topics.relayProgress;
  return { topic: topic.name, key: progress.slot, value: encodeJson(topic, progress), timestamp_ms: Date.now() };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
