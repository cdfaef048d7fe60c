import { roles, scopes } from '@nerveline/kernel';
import { z } from 'zod';
import { tenantId } from './ids';

export const scope = z.enum(scopes);
export const role = z.enum(roles);

/** {@link Principal} of the kernel as it stands in records. */
export const principal = z.object({
  tenant_id: tenantId,
  subject: z.string().min(1).max(256),
  roles: z.array(role).readonly(),
  scopes: z.array(scope).readonly(),
});
