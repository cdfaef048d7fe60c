import { lsn, type Lsn } from '@nerveline/kernel';
import fc from 'fast-check';
import { ConfirmedPosition } from './confirmed-position';

const at = (value: number): Lsn => lsn(BigInt(value));

describe('the confirmed position', () => {
  it('passes a transaction when its END is durable', () => {
    const position = new ConfirmedPosition(at(10));
    position.received();
    expect(position.safe_lsn).toBe(10n);
    position.durable(1, at(30));
    expect(position.safe_lsn).toBe(30n);
  });

  it('follows keep-alives while nothing is outstanding', () => {
    const position = new ConfirmedPosition(at(10));
    position.keepAlive(at(50));
    expect(position.safe_lsn).toBe(50n);
  });

  it('takes no keep-alive while something is on its way', () => {
    const position = new ConfirmedPosition(at(10));
    position.received();
    position.keepAlive(at(50));
    expect(position.safe_lsn).toBe(10n);
    position.durable(1, at(30));
    expect(position.safe_lsn).toBe(30n);
  });

  it('stays below a prepared transaction that has not ended, whatever commits meanwhile', () => {
    const position = new ConfirmedPosition(at(10));
    position.holdBack(at(20));
    position.received();
    position.durable(1, at(30));
    position.keepAlive(at(50));
    expect(position.safe_lsn).toBe(20n);
    position.holdBack(undefined);
    expect(position.safe_lsn).toBe(50n);
  });

  it('never goes back, and never passes what is not durable, in any order of events', () => {
    const event = fc.constantFrom('transaction', 'keep_alive', 'durable');
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const position = new ConfirmedPosition(at(0));
        const outstanding: number[] = [];
        let server = 0;
        for (const kind of events) {
          const before = position.safe_lsn;
          server += 10;
          if (kind === 'keep_alive') position.keepAlive(at(server));
          if (kind === 'transaction') {
            outstanding.push(server);
            position.received();
          }
          const done = kind === 'durable' ? outstanding.shift() : undefined;
          if (done !== undefined) position.durable(1, at(done));
          expect(position.safe_lsn >= before).toBe(true);
          expect(position.safe_lsn < BigInt(outstanding[0] ?? server + 1)).toBe(true);
        }
      }),
    );
  });
});
