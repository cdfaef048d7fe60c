import { createDatabase, stopOwnPostgres } from '@nerveline/testing';

afterAll(stopOwnPostgres);

test('a test gets a database of its own with logical decoding', async () => {
  await using database = await createDatabase();
  expect(await database.query('SHOW wal_level')).toEqual([{ wal_level: 'logical' }]);
}, 30_000);
