import { join } from 'node:path';
import { NervelineError, roles, scopes, type Role, type Scope } from '@nerveline/kernel';
import { keyFiles, signToken } from '@nerveline/service-defaults';
import { Command, Option } from 'commander';
import { dataOption } from '../cli.config';

interface TokenOptions {
  readonly data: string;
  readonly scope: readonly string[];
  readonly role: Role;
  readonly tenant: string;
  readonly subject: string;
  readonly expires: string;
}

export const tokenCommand = () =>
  new Command('token')
    .description("sign a token with this installation's key")
    .requiredOption('--scope <scope...>', `what it may do: ${scopes.join(', ')}, or all`)
    .addOption(new Option('--role <role>', 'who it stands for').choices(roles).default('operator'))
    .option('--tenant <tenant>', 'whose data', 'demo')
    .option('--subject <subject>', 'the name in the audit log', 'cli')
    .option('--expires <time>', 'how long it is good: 15m, 8h, 30d', '8h')
    .addOption(dataOption())
    .action(async ({ data, scope, role, tenant, subject, expires }: TokenOptions) => {
      const granted = scope.includes('all') ? scopes : scope.map(toScope);
      const { private_key } = keyFiles(join(data, 'keys'));
      console.log(
        await signToken(private_key, { tenant_id: tenant, subject, roles: [role], scopes: granted }, expires),
      );
    });

function toScope(text: string): Scope {
  const scope = scopes.find((known) => known === text);
  if (scope !== undefined) return scope;
  throw new NervelineError('NL-API-012', {
    field: 'scope',
    detail: `'${text}' is not a scope; there are ${scopes.join(', ')}`,
  });
}
