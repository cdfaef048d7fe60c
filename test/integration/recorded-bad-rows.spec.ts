import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { createTempDirectory, createTestKeys, eventually, startPlatform } from '@nerveline/testing';

const PAYMENTS = `TRANSACTION_ID,TX_TIME_SECONDS,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT
1,0,1,1,5.00
2,0,1,1,five
3,1,2,1,5.00
4,1,2,1
5,2,3,1,5.00
`;
const RETAIL = `InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice
1,A,"A thing",2,2010-12-01 08:26:00,2.55
1,B,"Another",,2010-12-01 08:26:00,2.55
2,A,"A thing",3,2010-12-01 08:26:01,2.55
`;

test('a row in the middle of a recording that can not be played is left out, told in one line and counted; all others are played', async () => {
  await using directory = await createTempDirectory();
  const payments = join(directory.path, 'payments.csv');
  const retail = join(directory.path, 'retail.csv');
  writeFileSync(payments, PAYMENTS);
  writeFileSync(retail, RETAIL);
  await using platform = await startPlatform({ words: ['--payments', payments, '--retail', retail] });
  const status = await eventually(
    async () => {
      const { body } = await platform.get('simulator', '/v1/simulator/status');
      const { recorded_payments, recorded_retail } = body as Record<string, Record<string, number>>;
      return recorded_payments?.['finished'] && recorded_retail?.['finished'] && { recorded_payments, recorded_retail };
    },
    { within_ms: 60_000, what: 'the end of both recordings' },
  );
  expect(status).toMatchObject({
    recorded_payments: { sent: 3, allow: 3, refused_rows: 2 },
    recorded_retail: { lines: 2, units_sold: 5, refused_rows: 1 },
  });
  const told = platform.output().split('\n');
  expect(
    told.filter((line) => line.includes('leaves a row out')).map((line) => line.replace(/^.*?warning: /, '')),
  ).toEqual(
    expect.arrayContaining([
      `recorded_payments leaves a row out: NL-SIM-003: ${payments}:3, column TX_AMOUNT: 'five' is not an amount`,
      `recorded_payments leaves a row out: NL-SIM-003: ${payments}:5: the row has more or fewer cells than the header`,
      `recorded_retail leaves a row out: NL-SIM-003: ${retail}:3, column Quantity: '' is not a quantity`,
    ]),
  );
  expect(told.filter((line) => line.startsWith('  simulator') && line.includes('ended'))).toEqual([]);
}, 180_000);

test('a recording whose header is wrong ends a simulator that runs by itself, with the code of the error', async () => {
  await using directory = await createTempDirectory();
  await using keys = await createTestKeys();
  const payments = join(directory.path, 'payments.csv');
  writeFileSync(payments, PAYMENTS.replace('TX_AMOUNT', 'AMOUNT'));
  writeFileSync(join(directory.path, 'token'), 'unused');
  const nobody = 'http://127.0.0.1:1';
  const environment = {
    ...process.env,
    NODE_OPTIONS: '',
    PORT: '0',
    NERVELINE_JWKS: keys.jwks,
    NERVELINE_DATA_DIR: directory.path,
    NERVELINE_TOKEN_FILE: join(directory.path, 'token'),
    DATABASE_URL: 'postgres://127.0.0.1:1/nobody',
    FRAUD_SCORING_URL: nobody,
    INVENTORY_SYNC_URL: nobody,
    GPS_REROUTING_URL: nobody,
    LIVE_GATEWAY_URL: nobody,
    PAYMENTS_FILE: payments,
  };
  const program = resolve('dist/apps/simulator/src/main.js');
  const { code, stdout } = await promisify(execFile)(process.execPath, [program], { env: environment }).then(
    (ended) => ({ ...ended, code: 0 }),
    (error: { code: number; stdout: string }) => error,
  );
  expect(code).toBe(1);
  const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  expect(last).toMatchObject({ code: 'NL-SIM-002', field: 'TX_AMOUNT' });
});
