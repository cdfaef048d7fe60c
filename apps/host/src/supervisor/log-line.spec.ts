import { postgresConsoleLine, toConsoleLine } from './log-line';

describe('a line that a service wrote', () => {
  it('stays in the file when it tells of normal operation', () => {
    expect(toConsoleLine('{"level":30,"msg":"listening"}')).toBeUndefined();
    expect(toConsoleLine('  ')).toBeUndefined();
  });

  it('reaches the console, in short form, when it is a warning or an error', () => {
    expect(toConsoleLine('{"level":40,"msg":"slow"}')).toBe('warning: slow');
    expect(toConsoleLine('{"level":50,"msg":"no answer","err":{"message":"ECONNREFUSED"}}')).toBe(
      'error: no answer: ECONNREFUSED',
    );
  });

  it('reaches the console when it is no log line at all, as the trace of a crash', () => {
    expect(toConsoleLine('TypeError: x is undefined')).toBe('TypeError: x is undefined');
    expect(toConsoleLine('{"level":"odd"}')).toBe('{"level":"odd"}');
  });

  it('is cut when it is long', () => {
    expect(toConsoleLine('x'.repeat(10_000))?.length).toBeLessThan(500);
  });
});

describe('a line that PostgreSQL wrote', () => {
  it('reaches the console only when the server itself is in trouble', () => {
    expect(postgresConsoleLine('2026-01-01 10:00:00 UTC [7] LOG:  checkpoint complete')).toBeUndefined();
    expect(postgresConsoleLine('2026-01-01 10:00:00 UTC [7] ERROR:  duplicate key value')).toBeUndefined();
    expect(
      postgresConsoleLine('2026-01-01 10:00:00 UTC [7] FATAL:  terminating connection due to administrator command'),
    ).toBeUndefined();
    expect(postgresConsoleLine('2026-01-01 10:00:00 UTC [7] PANIC:  could not write: No space left on device')).toBe(
      'panic: could not write: No space left on device',
    );
  });
});
