import { z } from 'zod';
import { tenantId } from './ids';

/** Every right in the platform. A route or socket event names the one that it demands. */
export const scopes = [
  'payments:decide',
  'payments:read',
  'stock:reserve',
  'stock:write',
  'stock:read',
  'positions:write',
  'fleet:read',
  'fleet:write',
  'ops:read',
  'ops:write',
] as const;

export const scope = z.enum(scopes);
export type Scope = z.infer<typeof scope>;

export const role = z.enum(['operator', 'analyst', 'merchant', 'shop', 'depot', 'driver', 'service']);
export type Role = z.infer<typeof role>;

/** Who acts. It rides in every command, record header and audit entry. */
export const principal = z.object({
  tenant_id: tenantId,
  subject: z.string().min(1).max(256),
  roles: z.array(role).readonly(),
  scopes: z.array(scope).readonly(),
});
export type Principal = z.infer<typeof principal>;

/** The key of a record or room: it begins with the tenant, so that no tenant meets another's data. */
export function tenantKey(tenant_id: string, ...parts: readonly string[]): string {
  return [tenant_id, ...parts.map((part) => part.replaceAll('%', '%25').replaceAll('/', '%2F'))].join('/');
}

/** The parts that {@link tenantKey} joined; the tenant comes first. */
export function splitTenantKey(key: string): string[] {
  return key.split('/').map((part) => part.replaceAll('%2F', '/').replaceAll('%25', '%'));
}
