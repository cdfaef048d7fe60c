import { isNervelineError } from '@nerveline/kernel';
import fc from 'fast-check';
import { decodeMessage } from './decode-message';
import { unchanged } from './messages';

// Recorded from PostgreSQL 18 with pg_logical_slot_peek_binary_changes, proto_version 1, messages on.
const recorded = {
  begin: '420000000001b8aa88000303ddbc3f86d2000002f7',
  type: '59000040027075626c6963006d6f6f6400',
  relation:
    '52000040077075626c6963006974656d73006400050174656e616e745f69640000000019ffffffff0169640000000014ffffffff006e616d6500000004130000002c006d6f6f640000004002ffffffff006e6f74650000000019ffffffff',
  relation_full: '52000040107075626c69630077686f6c650066000201610000000017ffffffff0162000000045a00000003',
  insert: '49000040104e00027400000001317400000017323032362d30312d30322030333a30343a30352e363738',
  update_with_toast:
    '55000040074e0005740000000464656d6f7400000010393030373139393235343734303939336e740000000563726f737375',
  update_of_key:
    '55000040074b0005740000000464656d6f7400000010393030373139393235343734303939336e6e6e4e0005740000000464656d6f7400000001376e740000000563726f737375',
  update_full:
    '55000040104f00027400000001317400000017323032362d30312d30322030333a30343a30352e3637384e00027400000001327400000017323032362d30312d30322030333a30343a30352e363738',
  delete_key: '44000040074b0005740000000464656d6f7400000001376e6e6e',
  delete_full: '44000040104f00027400000001327400000017323032362d30312d30322030333a30343a30352e363738',
  truncate: '5400000002030000401000004007',
  message: '4d010000000001b8ab007472616365706172656e74000000000568656c6c6f',
  commit: '43000000000001b8aa880000000001b8aab8000303ddbc3f86d2',
};

const decode = (hex: string) => decodeMessage(Buffer.from(hex, 'hex'));

describe('recorded messages', () => {
  it('frame a transaction with its commit position and time', () => {
    const committed_us = 1_795_360_611_067_602n;
    expect(decode(recorded.begin)).toEqual({ kind: 'begin', commit_lsn: 0x1b8aa88n, committed_us, xid: 759 });
    expect(decode(recorded.commit)).toEqual({
      kind: 'commit',
      commit_lsn: 0x1b8aa88n,
      end_lsn: 0x1b8aab8n,
      committed_us,
    });
  });

  it('describe a table: identity, types and their precision', () => {
    expect(decode(recorded.type)).toEqual({ kind: 'type', type_oid: 16386, schema: 'public', name: 'mood' });
    expect(decode(recorded.relation)).toEqual({
      kind: 'relation',
      relation: {
        relation_oid: 16391,
        schema: 'public',
        table: 'items',
        replica_identity: 'd',
        columns: [
          { name: 'tenant_id', is_identity: true, type_oid: 25, type_modifier: -1 },
          { name: 'id', is_identity: true, type_oid: 20, type_modifier: -1 },
          { name: 'name', is_identity: false, type_oid: 1043, type_modifier: 44 },
          { name: 'mood', is_identity: false, type_oid: 16386, type_modifier: -1 },
          { name: 'note', is_identity: false, type_oid: 25, type_modifier: -1 },
        ],
      },
    });
    expect(decode(recorded.relation_full)).toMatchObject({
      relation: { replica_identity: 'f', columns: [{ is_identity: true }, { is_identity: true, type_modifier: 3 }] },
    });
  });

  it('tell null from a value that was left alone', () => {
    expect(decode(recorded.update_with_toast)).toEqual({
      kind: 'update',
      relation_oid: 16391,
      before: undefined,
      after: ['demo', '9007199254740993', null, 'cross', unchanged],
    });
  });

  it('carry the old key when it changed, and the old row when the identity is full', () => {
    expect(decode(recorded.update_of_key)).toMatchObject({
      before: { kind: 'key', tuple: ['demo', '9007199254740993', null, null, null] },
      after: ['demo', '7', null, 'cross', unchanged],
    });
    expect(decode(recorded.update_full)).toMatchObject({
      before: { kind: 'full', tuple: ['1', '2026-01-02 03:04:05.678'] },
      after: ['2', '2026-01-02 03:04:05.678'],
    });
  });

  it('carry inserts, deletes, truncates and logical messages', () => {
    expect(decode(recorded.insert)).toEqual({
      kind: 'insert',
      relation_oid: 16400,
      after: ['1', '2026-01-02 03:04:05.678'],
    });
    expect(decode(recorded.delete_key)).toMatchObject({
      before: { kind: 'key', tuple: ['demo', '7', null, null, null] },
    });
    expect(decode(recorded.delete_full)).toMatchObject({ before: { kind: 'full' } });
    expect(decode(recorded.truncate)).toEqual({
      kind: 'truncate',
      relation_oids: [16400, 16391],
      cascade: true,
      restart_identity: true,
    });
    expect(decode(recorded.message)).toEqual({
      kind: 'message',
      transactional: true,
      lsn: 0x1b8ab00n,
      prefix: 'traceparent',
      content: Uint8Array.from(Buffer.from('hello')),
    });
  });
});

describe('a damaged message', () => {
  const messages = Object.values(recorded).map((hex) => Buffer.from(hex, 'hex'));

  it('is refused at every length but its own', () => {
    for (const bytes of messages) {
      for (let length = 1; length < bytes.length; length++) {
        expect(() => decodeMessage(bytes.subarray(0, length))).toThrow('NL-CDC-013');
      }
      expect(() => decodeMessage(Buffer.concat([bytes, Buffer.from([0])]))).toThrow('NL-CDC-013');
    }
  });

  it('never raises anything but a coded error', () => {
    fc.assert(
      fc.property(fc.constantFrom(...messages), fc.nat(), fc.integer({ min: 0, max: 255 }), (bytes, at, byte) => {
        const damaged = Buffer.from(bytes);
        damaged[at % damaged.length] = byte;
        try {
          decodeMessage(damaged);
        } catch (error) {
          expect(isNervelineError(error)).toBe(true);
        }
      }),
    );
  });

  it('of an unknown kind is an error, never skipped', () => {
    expect(() => decode('5a00')).toThrow("NL-CDC-013: unknown message 'Z'");
  });
});
