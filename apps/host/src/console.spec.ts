import { fromHere } from './console';

test.each([
  ['/home/ann/nerveline/data', 'data'],
  ['/home/ann/nerveline/var/data', 'var/data'],
  ['/home/ann/nerveline', '/home/ann/nerveline'],
  ['/home/ann/nerveline-data', '/home/ann/nerveline-data'],
  ['/var/nerveline', '/var/nerveline'],
])('the data directory %s is shown as %s to who stands in /home/ann/nerveline', (path, shown) => {
  expect(fromHere(path, '/home/ann/nerveline')).toBe(shown);
});
