import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ownIdentity } from '@nerveline/process-identity';
import { createDatabase, createTempDirectory, stopOwnPostgres } from '@nerveline/testing';

afterAll(stopOwnPostgres);

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An operator in front of a data directory and a source database. */
async function openDesk() {
  const directory = await createTempDirectory();
  const database = await createDatabase();
  writeFileSync(join(directory.path, 'database-url'), database.url);
  return {
    ...{ database, data: directory.path },
    cli: async (...words: string[]): Promise<Said> => {
      const data = words.includes('--data') ? [] : ['--data', directory.path];
      const parameters = [resolve('apps/cli/src/main.ts'), ...words, ...data];
      try {
        return { code: 0, ...(await promisify(execFile)(process.execPath, parameters)) };
      } catch (error) {
        return error as Said;
      }
    },
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

test.each(['', '  ', ';', '/* only a comment */'])(
  'nerveline sql "%s" says that there is nothing to run',
  async (text) => {
    await using desk = await openDesk();
    const { code, stdout, stderr } = await desk.cli('sql', text);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trim()).toBe('there is no statement to run: nerveline sql "select 1"');
  },
);

test.each(['lag', 'topics', 'dlq list'])(
  'nerveline %s of a directory that is not there says so, and makes none',
  async (words) => {
    await using desk = await openDesk();
    const absent = join(desk.data, 'absent');
    const { code, stderr } = await desk.cli(...words.split(' '), '--data', absent);
    expect(code).toBe(1);
    expect(stderr).toContain(`nothing was ever started with the data directory ${absent}`);
    expect(existsSync(absent)).toBe(false);
  },
);

test('nerveline lag shows what the slot has confirmed, and the WAL that it holds back', async () => {
  await using desk = await openDesk();
  await desk.database.query(`SELECT pg_create_logical_replication_slot('relay', 'pgoutput')`);
  await desk.database.query(`CREATE TABLE filler AS SELECT repeat('x', 1000) FROM generate_series(1, 2000)`);
  const { code, stdout } = await desk.cli('lag');
  expect(code).toBe(0);
  const [slot] = await desk.database.query(
    `SELECT confirmed_flush_lsn::text AS lsn FROM pg_replication_slots WHERE slot_name = 'relay'`,
  );
  const row = stdout.split('\n').find((line) => line.startsWith('relay '));
  const [, read, confirmed, , lag_bytes, retained_bytes] = row?.split(/\s+/) ?? [];
  expect({ read, confirmed }).toEqual({ read: 'NO', confirmed: slot?.['lsn'] });
  expect(Number(lag_bytes)).toBeGreaterThan(2_000_000);
  expect(Number(retained_bytes)).toBeGreaterThanOrEqual(Number(lag_bytes));
});

test('nerveline pid names the process of a service, and never one that only has its id', async () => {
  await using desk = await openDesk();
  const { pid, started } = ownIdentity();
  const noted = [
    { name: 'alive', pid, started },
    { name: 'gone', pid, started: 'another boot/1' },
  ];
  writeFileSync(join(desk.data, 'processes.json'), JSON.stringify(noted));
  expect(await desk.cli('pid', 'alive')).toMatchObject({ code: 0, stdout: `${pid}\n` });
  const { code, stdout, stderr } = await desk.cli('pid', 'gone');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(`NL-HST-014: gone does not run from ${desk.data}; what runs is alive`);
});
