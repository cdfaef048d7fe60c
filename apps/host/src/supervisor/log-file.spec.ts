import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogFile } from './log-file';

describe('a log file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'nerveline-log-'));
  const path = join(directory, 'service.log');
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('stays within its bound however much is written, and keeps the last lines', () => {
    const log = new LogFile(path, 1_000);
    for (let i = 0; i < 1_000; i++) log.write(`line ${i}`);
    log.close();
    expect(statSync(path).size + statSync(`${path}.1`).size).toBeLessThan(2_100);
    expect(readFileSync(path, 'utf8') + readFileSync(`${path}.1`, 'utf8')).toContain('line 999');
  });

  it('takes no line after it was closed', () => {
    const log = new LogFile(path, 1_000);
    log.close();
    log.write('too late');
    expect(existsSync(path) && readFileSync(path, 'utf8')).not.toContain('too late');
  });
});
