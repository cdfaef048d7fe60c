import { StalledReaders } from './stalled-readers';

const list = (...lines: string[]) => ['\t\tpid\t\t thread\t\t txnid', ...lines, ''].join('\n');

describe('readers that stopped', () => {
  test('one that keeps its snapshot for ten seconds is named', () => {
    const readers = new StalledReaders();
    const stuck = list('     16475 7f058bc9ac80 7', '       123 7f058bc9ac81 9');
    expect(readers.check(stuck, 0)).toBeUndefined();
    expect(readers.check(list('     16475 7f058bc9ac80 7', '       123 7f058bc9ac81 10'), 10_000)).toMatchObject({
      code: 'NL-LOG-018',
      detail: 'process 16475 has held a snapshot for 10 s',
    });
  });

  test('one that goes on, has gone or holds none is left alone', () => {
    const readers = new StalledReaders();
    expect(readers.check(list('     16475 7f058bc9ac80 7', '       123 7f058bc9ac81 -'), 0)).toBeUndefined();
    expect(readers.check(list('     16475 7f058bc9ac80 8', '       123 7f058bc9ac81 -'), 20_000)).toBeUndefined();
    expect(readers.check(list('       123 7f058bc9ac81 -'), 40_000)).toBeUndefined();
    expect(readers.check(list('     16475 7f058bc9ac80 8'), 60_000)).toBeUndefined();
  });
});
