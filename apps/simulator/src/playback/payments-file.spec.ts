import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { collect, createTempDirectory } from '@nerveline/testing';
import type { NervelineError } from '@nerveline/kernel';
import { recordedPayments } from './payments-file';
import type { Refuse } from './playable';

const HEADER = 'TRANSACTION_ID,TX_TIME_SECONDS,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT';
/** The header and two payments, packed by xz. */
const PACKED =
  '/Td6WFoAAATm1rRGAgAhAQwAAACPmEGc4ABpAGBdACoUhCVcfBgWcRlSR9A/vnupD9N+ErBDjpbc/YzMu92rKtaYgI/cKdoHDo41G5ZPgVSFODwDVfo2OXuG60pVXpSOqYkvFca52tq9eS1uovrFf04S6nXOaZLefwACNUvAAAD7k8X3daDhJgABfGqXC2sOH7bzfQEAAAAABFla';

async function play(content: string | Buffer, refuse?: Refuse) {
  await using directory = await createTempDirectory();
  const path = join(directory.path, typeof content === 'string' ? 'payments.csv' : 'payments.csv.xz');
  await writeFile(path, content);
  return await collect(recordedPayments(path, refuse));
}

test('amounts are exact and times count from the first of April 2018', async () => {
  const [payment] = await play(`${HEADER}\n7,31,596,3156,57.16\n`);
  expect(payment).toMatchObject({
    payment_id: 'H-7',
    card: 'C-596',
    merchant_id: 'T-3156',
    amount_minor: 5_716,
    event_ms: Date.UTC(2018, 3, 1, 0, 0, 31),
  });
});

test.each([
  ['146.0', 14_600],
  ['0.00', 0],
  ['0.07', 7],
  ['12', 1_200],
  ['85.64999999999999', 8_565],
  ['0.004', 0],
])('%s is %i minor units', async (text, amount_minor) => {
  const [payment] = await play(`${HEADER}\n0,0,1,1,${text}\n`);
  expect(payment?.amount_minor).toBe(amount_minor);
});

test('a packed file is read like a plain one', async () => {
  const payments = await play(Buffer.from(PACKED, 'base64'));
  expect(payments.map(({ amount_minor }) => amount_minor)).toEqual([5_716, 8_150]);
});

test('a missing column is named', async () => {
  await expect(play('TRANSACTION_ID,CUSTOMER_ID\n1,2\n')).rejects.toMatchObject({
    code: 'NL-SIM-002',
    field: 'TX_TIME_SECONDS',
  });
});

test.each([
  ['1,0,1,1,-5', 'TX_AMOUNT', "'-5' is not an amount"],
  ['1,yesterday,1,1,5.00', 'TX_TIME_SECONDS', "'yesterday' is not a time"],
  ['1,0,,1,5.00', 'CUSTOMER_ID', "'' is not an id"],
])('the row %s is refused with file, line and column, and the rows around it are played', async (row, field, what) => {
  const refused: NervelineError[] = [];
  const payments = await play(`${HEADER}\n0,0,1,1,1.00\n\n${row}\n2,0,1,1,2.00\n`, (refusal) => refused.push(refusal));
  expect(payments.map(({ payment_id }) => payment_id)).toEqual(['H-0', 'H-2']);
  expect(refused).toMatchObject([{ code: 'NL-SIM-003', field }]);
  expect(refused[0]?.detail).toMatch(new RegExp(`payments\\.csv:4, column ${field}: ${what}$`));
});

test.each(['1,0,1,1', '1,0,1,1,5,00'])('the row %s, which has not the cells of the header, is refused', async (row) => {
  const refused: NervelineError[] = [];
  const payments = await play(`${HEADER}\n${row}\n2,0,1,1,2.00\n`, (refusal) => refused.push(refusal));
  expect(payments.map(({ payment_id }) => payment_id)).toEqual(['H-2']);
  expect(refused[0]?.detail).toMatch(/payments\.csv:2: the row has more or fewer cells than the header$/);
});

test('whoever wants all rows or none gets the first one that can not be played as an error', async () => {
  await expect(play(`${HEADER}\n0,0,1,1,1.00\n1,0,1,1,-5\n`)).rejects.toMatchObject({ code: 'NL-SIM-003' });
});

test('a quotation mark that is never closed is one clear error, not the rest of the file in memory', async () => {
  const endless = `${HEADER}\n0,0,1,1,1.00\n1,0,"1,1,5.00\n${'2,0,1,1,2.00\n'.repeat(100_000)}`;
  await expect(play(endless)).rejects.toMatchObject({ code: 'NL-SIM-001' });
});

test('a damaged packed file is one clear error', async () => {
  const damaged = Buffer.from(PACKED, 'base64');
  damaged.fill(0xff, 30, 60);
  await expect(play(damaged)).rejects.toMatchObject({ code: 'NL-SIM-001' });
});

test('a file that is not there is one clear error', async () => {
  await expect(collect(recordedPayments('nowhere.csv'))).rejects.toMatchObject({ code: 'NL-SIM-001' });
});
