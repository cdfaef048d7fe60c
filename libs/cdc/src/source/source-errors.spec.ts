import { NervelineError } from '@nerveline/kernel';
import { toSourceError } from './source-errors';

const failed = (code: string | undefined, message = 'x') => Object.assign(new Error(message), { code });

describe('an error of the source has a code that says whether trying again helps', () => {
  it.each([
    ['ECONNREFUSED', '', 'NL-CDC-004', true],
    ['57P01', 'terminating connection due to administrator command', 'NL-CDC-004', true],
    ['57P03', 'the database system is starting up', 'NL-CDC-004', true],
    [undefined, 'Connection terminated unexpectedly', 'NL-CDC-004', true],
    ['55006', 'replication slot "x" is active for PID 1', 'NL-CDC-007', true],
    ['53400', 'all replication slots are in use', 'NL-CDC-017', true],
    ['53300', 'too many clients already', 'NL-CDC-017', true],
    ['28P01', 'password authentication failed', 'NL-CDC-003', false],
    ['3D000', 'database "x" does not exist', 'NL-CDC-003', false],
    ['42501', 'permission denied to start WAL sender', 'NL-CDC-002', false],
    ['42501', 'must be superuser or replication role to start walsender', 'NL-CDC-002', false],
    ['42501', 'permission denied for table x', 'NL-CDC-020', false],
    ['55000', 'can no longer get changes from replication slot "x"', 'NL-CDC-008', false],
    ['55000', 'can no longer access replication slot "x"', 'NL-CDC-008', false],
    ['42704', 'publication "x" does not exist', 'NL-CDC-020', false],
    [undefined, 'something else', 'NL-CDC-020', false],
  ])('%s %s', (code, message, expected, retriable) => {
    expect(toSourceError(failed(code, message), 'testing')).toMatchObject({ code: expected, retriable });
  });

  it('keeps an error that has one, and looks into one that stands for several', () => {
    const own = new NervelineError('NL-LOG-003', { detail: 'disk' });
    expect(toSourceError(own, 'testing')).toBe(own);
    const several = new AggregateError([failed('ECONNREFUSED', 'connect')], '');
    expect(toSourceError(several, 'testing')).toMatchObject({ code: 'NL-CDC-004' });
  });
});
