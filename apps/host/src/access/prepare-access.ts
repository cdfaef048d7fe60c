// A program of its own, since it runs for a moment and the host for days: what signs tokens is not for the host to carry.
import { writeFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type Role, scopes } from '@nerveline/kernel';
import { ensureKeys, signToken } from '@nerveline/service-defaults';
import { OPERATOR_TOKEN, SERVICE_TOKEN } from './access-files';

const TENANT = 'demo';

/** Made anew at each start, so that a run must be up for longer than this to see one expire. */
const TOKEN_LIFE = '365d';

/** Makes the installation's keys once, and at each start fresh tokens for the pages and for the simulator. */
async function prepareAccess(directory: string): Promise<void> {
  const { private_key } = await ensureKeys(directory);
  const mint = async (file: string, subject: string, role: Role) => {
    const token = await signToken(private_key, { tenant_id: TENANT, subject, roles: [role], scopes }, TOKEN_LIFE);
    const path = join(directory, file);
    writeFileSync(`${path}.draft`, token, { mode: 0o600 });
    renameSync(`${path}.draft`, path);
  };
  await mint(OPERATOR_TOKEN, 'operator', 'operator');
  await mint(SERVICE_TOKEN, 'simulator', 'service');
}

const [directory = ''] = process.argv.slice(2);
prepareAccess(directory).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
