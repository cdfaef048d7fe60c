import { randomInt } from 'node:crypto';
import { auditEntry, type AuditEntry } from '@nerveline/contracts';
import { createTempDirectory, createTestKeys, eventually } from '@nerveline/testing';
import { ChangeWriter, listsApplied, openFraudScoring, readAll, type FraudContext } from '../integration/fraud-context';
import { startFraudProcess } from '../integration/fraud-process';

const AUDIT = 'audit.fraud-scoring';

const entriesOf = (records: readonly { readonly value: string }[]): AuditEntry[] =>
  records.map(({ value }) => auditEntry.parse(JSON.parse(value)));

const audited = async (fraud: FraudContext) => entriesOf(await fraud.readAll(AUDIT));

const blocked = { tenant_id: 'demo', kind: 'card', value: 'tok-1', reason: 'stolen', added_by: 'clerk-7' };
const profile = { tenant_id: 'demo', card: 'tok-1', home_country: 'DE', payment_limit_minor: 5_000, currency: 'EUR' };
const { tenant_id: _tenant, card: _card, ...limits } = profile;

test('who changed the lists, what, before and after is in the audit: the author where the row names one', async () => {
  await using fraud = await openFraudScoring();
  await fraud.changes.put('fraud.block_list', blocked);
  await fraud.listsApplied();
  await fraud.changes.put('fraud.block_list', { ...blocked, reason: 'cloned', added_by: 'clerk-8' }, 'u');
  await fraud.changes.remove('fraud.block_list', blocked);
  await fraud.listsApplied();
  await fraud.changes.put('fraud.card_profiles', profile);
  await fraud.listsApplied();
  await fraud.changes.truncate('fraud.card_profiles');
  await fraud.listsApplied();
  const key = { tenant_id: 'demo', kind: 'card', value: 'tok-1' };
  const by = (subject: string) => ({ principal: { tenant_id: 'demo', subject } });
  const card = { object: 'block_list card tok-1' };
  expect(await audited(fraud)).toMatchObject([
    { ...by('clerk-7'), ...card, action: 'block_list.insert', before: null, after: blocked },
    {
      ...by('clerk-8'),
      ...card,
      action: 'block_list.update',
      before: { reason: 'stolen' },
      after: { ...blocked, reason: 'cloned', added_by: 'clerk-8' },
    },
    // Whoever put it there is not the one who took it away.
    { ...by('source tables'), ...card, action: 'block_list.delete', before: { reason: 'cloned', ...key }, after: null },
    { ...by('source tables'), object: 'card_profiles tok-1', action: 'card_profiles.insert', after: profile },
    { ...by('source tables'), object: 'card_profiles tok-1', action: 'card_profiles.truncate', before: limits },
  ]);
  const [first] = await fraud.readAll(AUDIT);
  expect(first?.key).toBe('demo/block_list card tok-1');
  expect(first?.headers['source_position']).toMatch(/^1:1:0\/[0-9A-F]+:0$/);
});

test("what a snapshot reads is nobody's act; a row that it finds changed is told", async () => {
  await using fraud = await openFraudScoring();
  await fraud.changes.put('fraud.card_profiles', profile, 'r');
  await fraud.listsApplied();
  await fraud.changes.put('fraud.card_profiles', profile, 'r');
  await fraud.changes.put('fraud.card_profiles', { ...profile, payment_limit_minor: 9_000 }, 'r');
  await fraud.listsApplied();
  expect(await audited(fraud)).toMatchObject([
    {
      action: 'card_profiles.snapshot',
      before: { payment_limit_minor: 5_000 },
      after: { payment_limit_minor: 9_000 },
    },
  ]);
});

test('a row that went while the service was away, without a trace in the log, is in the audit once', async () => {
  await using fraud = await openFraudScoring({
    compaction: { housekeeping_interval_ms: 5, compaction_min_records: 1 },
  });
  await fraud.changes.put('fraud.block_list', blocked, 'r');
  await fraud.listsApplied();
  await fraud.restart(async () => {
    await fraud.changes.remove('fraud.block_list', blocked);
    const now_ms = Date.now();
    const later = jest.spyOn(Date, 'now').mockImplementation(() => now_ms + 49 * 3_600_000);
    await fraud.changes.compacted('fraud.block_list', blocked, 0).finally(() => later.mockRestore());
  });
  await fraud.restart();
  const about = (await audited(fraud)).filter(({ principal }) => principal.tenant_id === 'demo');
  expect(about).toMatchObject([
    { principal: { subject: 'source tables' }, action: 'block_list.delete', before: { reason: 'stolen' }, after: null },
  ]);
});

test('every change is in the audit once, in the order of the log, whenever the service is killed with -9', async () => {
  await using directory = await createTempDirectory();
  await using keys = await createTestKeys();
  const place = { data_directory: directory.path, keys };
  await using changes = await ChangeWriter.open(directory.path);
  await changes.finishSnapshot();
  const reasons: string[] = [];
  for (let life = 0; life < 3; life += 1) {
    await using fraud = await startFraudProcess(place);
    const killed_at = reasons.length + randomInt(5, 60);
    let killing: Promise<void> | undefined;
    for (let i = 0; i < 80; i += 1) {
      const reason = `reason ${reasons.length}`;
      reasons.push(reason);
      await changes.put('fraud.block_list', { ...blocked, reason }, reasons.length === 1 ? 'c' : 'u');
      if (reasons.length === killed_at) killing = fraud.kill();
    }
    await killing;
  }
  await using _last = await startFraudProcess(place);
  await eventually(() => listsApplied(changes.log).then(() => true));
  const entries = entriesOf(await readAll(changes.log, AUDIT));
  expect(entries.map(({ after }) => (after as { reason: string }).reason)).toEqual(reasons);
  // Each says as its before what the one ahead of it left behind.
  expect(entries.slice(1).map(({ before }) => (before as { reason: string }).reason)).toEqual(reasons.slice(0, -1));
}, 180_000);
