import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  auditEntry,
  encodeJson,
  heldRecordKey,
  topics,
  type HeldRecord,
  type PaymentDecision,
} from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import { openLog, partitionFor, readDeadLetters } from '@nerveline/log';
import { eventually, stopOwnPostgres } from '@nerveline/testing';
import { openFraudScoring, payment, type FraudContext } from '../integration/fraud-context';
import { openFraudPlatform } from '../integration/fraud-platform';
import { startFraudProcess, type FraudProcess } from '../integration/fraud-process';

afterAll(stopOwnPostgres);

const CLI = join(__dirname, '../../apps/cli/src/main.ts');

async function nerveline(data_directory: string, ...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...words, '--data', data_directory]);
  return stdout;
}

interface Letter {
  readonly id: string;
  readonly topic: string;
  readonly key: string;
  readonly failure: { readonly code: string; readonly message: string };
}

const lettersOf = async (data_directory: string): Promise<Letter[]> =>
  (await nerveline(data_directory, 'dlq', 'list', '--service', 'fraud-scoring', '--json'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Letter);

const readyOf = async ({ address }: FraudProcess) =>
  (await (await fetch(`${address}/health/ready`)).json()) as { ready: boolean; facts: { dead_letters: object } };

/** Resolves when the card is blocked by the list. */
const blocked = (fraud: FraudProcess, card: string) =>
  eventually(
    async () => {
      const { status, text } = await fraud.post(payment({ card }));
      return (
        status === 200 && (JSON.parse(text) as PaymentDecision).reasons.some(({ code }) => code === 'blocked_card')
      );
    },
    { what: `${card} is blocked` },
  );

test('a row that PostgreSQL takes and nobody can read ends no service and holds up no other row: it is a dead letter, told and counted', async () => {
  await using platform = await openFraudPlatform();
  const { database, place } = platform;
  await database.query(`INSERT INTO fraud.block_list VALUES ('demo', 'card', U&'tok\\200B-1', 'stolen', 'clerk')`);
  await using first = await startFraudProcess(place);
  await database.query(`INSERT INTO fraud.card_profiles (tenant_id, card) VALUES ('demo', U&'tok\\200B-2')`);
  await database.query('ALTER TABLE platform.event_clock DROP CONSTRAINT a_clock_can_be_read');
  await database.query(`INSERT INTO platform.event_clock VALUES ('demo', 'payments', 0, 0, 'NaN')`);
  await database.query(`INSERT INTO fraud.block_list VALUES ('demo', 'card', 'tok-3', 'stolen', 'clerk')`);
  await blocked(first, 'tok-3');
  const held = { 'cdc.fraud.block_list': 1, 'cdc.fraud.card_profiles': 1, 'cdc.platform.event_clock': 1 };
  await eventually(async () => {
    const { ready, facts } = await readyOf(first);
    expect({ ready, held: facts.dead_letters }).toEqual({ ready: true, held });
    return true;
  });
  const metrics = await (await fetch(`${first.address}/metrics`)).text();
  expect(metrics).toContain('nerveline_fraud_dead_letters 3\n');
  expect(metrics).toContain(
    'nerveline_fraud_refused_list_changes_total{topic="cdc.fraud.block_list",code="NL-LOG-011"} 1\n',
  );

  const letters = await lettersOf(place.data_directory);
  const letter = letters.find(({ topic }) => topic === 'cdc.fraud.block_list');
  expect(letter).toMatchObject({ key: 'demo/card/tok\u200b-1', failure: { code: 'NL-LOG-011' } });
  expect(letter?.failure.message).toContain('must be printable');
  const shown = await nerveline(place.data_directory, 'dlq', 'show', letter?.id ?? '');
  expect(shown).toMatch(/"source_position": "\d+:\d+:[0-9A-F]+\/[0-9A-F]+:\d+"/);

  // Killed, it comes back past the rows, with the same letters and no more.
  await first.kill();
  await using second = await startFraudProcess(place);
  await eventually(async () => Object.keys((await readyOf(second)).facts.dead_letters).length === 3);
  expect((await readyOf(second)).facts.dead_letters).toEqual(held);
  expect(await lettersOf(place.data_directory)).toEqual(letters);
  await blocked(second, 'tok-3');
  // Mended at the source it comes as a row like any other.
  await database.query(`UPDATE fraud.block_list SET value = 'tok-1' WHERE value = U&'tok\\200B-1'`);
  await blocked(second, 'tok-1');
}, 180_000);

const listed = { tenant_id: 'demo', kind: 'card', value: 'c', reason: 'stolen', added_by: 'clerk' };
const TOPIC = topics.blockList.name;

/** What an earlier version, which couldn't read it, would have made of the first record of a card's partition. */
async function leaveLetter({ data_directory }: FraudContext): Promise<HeldRecord> {
  const log = await openLog({ service: 'fraud-scoring', data_directory });
  const partition = partitionFor('demo/card/c', await log.partitionCount(TOPIC));
  const [record] = (await log.read({ topic: TOPIC, partition, from: offset(0) })).records;
  if (record?.value === null || record?.key === null || record === undefined) throw new Error('no record');
  const letter: HeldRecord = {
    ...{ format_version: 1, group: 'fraud-scoring.lists', topic: TOPIC, partition, offset: record.offset },
    ...{ key: Buffer.from(record.key).toString('base64'), value: Buffer.from(record.value).toString('base64') },
    ...{ headers: record.headers, timestamp_ms: record.timestamp_ms, appended_ms: record.appended_ms },
    ...{ reason: 'failed', attempts: 1, first_failed_ms: 1, held_ms: 1, held_by: 'earlier' },
    failure: { code: 'NL-LOG-011', message: 'an earlier version', stack: '' },
  };
  const key = heldRecordKey(letter);
  const value = encodeJson(topics.fraudDeadLetters, letter);
  await log.append([{ topic: topics.fraudDeadLetters.name, partition, key, value, timestamp_ms: 1 }]);
  await log.close();
  return letter;
}

test('a dead letter that is sent again overtakes nothing: a row that has gone since does not come back', async () => {
  await using fraud = await openFraudScoring();
  await fraud.changes.put('fraud.block_list', listed);
  await fraud.changes.remove('fraud.block_list', listed);
  await fraud.listsApplied();
  await fraud.restart(async () => {
    await leaveLetter(fraud);
  });
  const settle = async (what: string) => {
    const answer = await fetch(`${fraud.service.address}/v1/dead-letters/${what}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await fraud.keys.token({ subject: 'operator-1', scopes: ['ops:read', 'ops:write'] })}`,
        'content-type': 'application/json',
      },
      body: '{}',
    });
    return (await answer.json()) as { dead_letters: object[] };
  };
  expect((await settle('redrive')).dead_letters).toHaveLength(1);
  await eventually(async () => {
    const [letter] = await readDeadLetters(fraud.changes.log, topics.fraudDeadLetters.name);
    return letter?.failure?.code === 'NL-FRD-008';
  });
  expect((await fraud.decide(payment({ card: 'c' }))).verdict).toBe('allow');

  expect((await settle('discard')).dead_letters).toHaveLength(1);
  await eventually(async () => {
    const { facts } = JSON.parse((await fraud.get('/health/ready')).text) as { facts: { dead_letters: object } };
    return Object.keys(facts.dead_letters).length === 0;
  });
  const acts = (await fraud.readAll('audit.fraud-scoring')).map(({ value }) => auditEntry.parse(JSON.parse(value)));
  expect(acts.filter(({ action }) => action.startsWith('dlq.'))).toMatchObject([
    { action: 'dlq.redrive', principal: { subject: 'operator-1' } },
    { action: 'dlq.discard', principal: { subject: 'operator-1' } },
  ]);
});
