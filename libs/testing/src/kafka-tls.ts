import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KeyStore } from './kafka-properties';

const run = promisify(execFile);
const PASSWORD = 'through-the-looking-glass';

/**
 * Makes a key whose certificate nobody but itself has signed, for 127.0.0.1 and `NAME.test`, in `directory`. By Java's own
 * keytool, since whoever runs a broker has it.
 */
export async function makeKeyStore(directory: string, name: string): Promise<KeyStore> {
  const file = join(directory, `${name}.p12`);
  const pem = join(directory, `${name}.pem`);
  const store = ['-keystore', file, '-storetype', 'PKCS12', '-storepass', PASSWORD, '-alias', name];
  const whom = ['-dname', `CN=${name}`, '-ext', `san=ip:127.0.0.1,dns:${name}.test`, '-ext', 'bc:c', '-validity', '2'];
  await run('keytool', ['-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', ...store, ...whom]);
  await run('keytool', ['-exportcert', '-rfc', '-file', pem, ...store]);
  return { file, password: PASSWORD, certificate: await readFile(pem, 'utf8') };
}
