import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { collect, createTempDirectory } from '@nerveline/testing';
import fc from 'fast-check';
import { onHandDelta, openingStock, recordedInvoices, RetailFold, type Invoice } from './retail-file';

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';

async function withFile<T>(lines: readonly string[], use: (path: string) => Promise<T>): Promise<T> {
  await using directory = await createTempDirectory();
  const path = join(directory.path, 'retail.csv');
  await writeFile(path, [HEADER, ...lines].join('\n'));
  return await use(path);
}

const line = (invoice: string, sku: string, quantity: number) =>
  `${invoice},${sku},"A thing, named ""${sku}""",${quantity},2010-12-01 08:26:00,2.55,17850.0,United Kingdom`;

test('lines of one invoice and SKU are summed', async () => {
  const [invoice] = await withFile([line('1', 'A', 2), line('1', 'A', 3), line('1', 'B', 1)], (path) =>
    collect(recordedInvoices(path)),
  );
  expect(new RetailFold().movementsOf(invoice as Invoice)).toEqual([
    { kind: 'sale', sku: 'A', quantity: 5 },
    { kind: 'sale', sku: 'B', quantity: 1 },
  ]);
});

test('what comes back is a return up to what was sold, an adjustment beyond it, and an adjustment without a return invoice', async () => {
  const fold = new RetailFold();
  const invoices = await withFile(
    [line('1', 'A', 5), line('C2', 'A', -4), line('C3', 'A', -4), line('4', 'A', -3)],
    (path) => collect(recordedInvoices(path)),
  );
  expect(invoices.flatMap((invoice) => fold.movementsOf(invoice))).toEqual([
    { kind: 'sale', sku: 'A', quantity: 5 },
    { kind: 'return', sku: 'A', quantity: 4 },
    { kind: 'adjustment', sku: 'A', quantity: 4, reason: 'unmatched_return' },
    { kind: 'adjustment', sku: 'A', quantity: -3, reason: 'adjusted_in_file' },
  ]);
});

test('a row that can not be played is refused with its line, also behind a text of several lines, and its invoice goes on without it', async () => {
  const several = line('1', 'A', 2).replace('A thing', 'A\nthing');
  const refused: string[] = [];
  const invoices = await withFile([several, line('1', 'B', 1).replace(',1,', ',,'), line('1', 'C', 3)], (path) =>
    collect(recordedInvoices(path, ({ detail }) => refused.push(detail))),
  );
  expect(invoices.map(({ lines }) => lines.map(({ sku }) => sku))).toEqual([['A', 'C']]);
  expect(refused).toEqual([expect.stringMatching(/retail\.csv:4, column Quantity: '' is not a quantity$/)]);
});

test('with the opening stock no movement of the file ever lacks a unit', async () => {
  const lines = fc.array(
    fc.record({
      invoice: fc.constantFrom('1', '2', 'C3', '4', 'C5'),
      sku: fc.constantFrom('A', 'B'),
      quantity: fc.integer({ min: -9, max: 9 }),
    }),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(lines, async (rows) =>
      withFile(
        rows.map(({ invoice, sku, quantity }) => line(invoice, sku, quantity)),
        async (path) => {
          const level = new Map([...(await openingStock(path))].map(([sku, { units }]) => [sku, units]));
          const fold = new RetailFold();
          for await (const invoice of recordedInvoices(path)) {
            for (const movement of fold.movementsOf(invoice))
              level.set(movement.sku, (level.get(movement.sku) ?? 0) + onHandDelta(movement));
            expect(Math.min(0, ...level.values())).toBe(0);
          }
        },
      ),
    ),
    { numRuns: 60 },
  );
});
