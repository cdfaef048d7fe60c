import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { collect, createTempDirectory } from '@nerveline/testing';
import { recordedPayments } from './payments-file';

const HEADER = 'TRANSACTION_ID,TX_TIME_SECONDS,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT';
/** The header and two payments, packed by xz. */
const PACKED =
  '/Td6WFoAAATm1rRGAgAhAQwAAACPmEGc4ABpAGBdACoUhCVcfBgWcRlSR9A/vnupD9N+ErBDjpbc/YzMu92rKtaYgI/cKdoHDo41G5ZPgVSFODwDVfo2OXuG60pVXpSOqYkvFca52tq9eS1uovrFf04S6nXOaZLefwACNUvAAAD7k8X3daDhJgABfGqXC2sOH7bzfQEAAAAABFla';

async function play(content: string | Buffer, name = 'payments.csv') {
  await using directory = await createTempDirectory();
  const path = join(directory.path, name);
  await writeFile(path, content);
  return await collect(recordedPayments(path));
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
  const payments = await play(Buffer.from(PACKED, 'base64'), 'payments.csv.xz');
  expect(payments.map(({ amount_minor }) => amount_minor)).toEqual([5_716, 8_150]);
});

test('a missing column is named', async () => {
  await expect(play('TRANSACTION_ID,CUSTOMER_ID\n1,2\n')).rejects.toMatchObject({
    code: 'NL-SIM-002',
    field: 'TX_TIME_SECONDS',
  });
});

test('a value that is no amount is named with its line', async () => {
  await expect(play(`${HEADER}\n0,0,1,1,1.00\n1,0,1,1,-5\n`)).rejects.toMatchObject({
    code: 'NL-SIM-003',
    field: 'TX_AMOUNT',
    detail: expect.stringContaining(':3') as unknown,
  });
});

test('a damaged packed file is one clear error', async () => {
  const damaged = Buffer.from(PACKED, 'base64');
  damaged.fill(0xff, 30, 60);
  await expect(play(damaged, 'payments.csv.xz')).rejects.toMatchObject({ code: 'NL-SIM-001' });
});

test('a file that is not there is one clear error', async () => {
  await expect(collect(recordedPayments('nowhere.csv'))).rejects.toMatchObject({ code: 'NL-SIM-001' });
});
