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
/** One of {@link scopes}. */
export type Scope = (typeof scopes)[number];

/** What people and programs are to the platform. Rights come from scopes; a role may narrow them further. */
export const roles = ['operator', 'analyst', 'merchant', 'shop', 'depot', 'driver', 'service'] as const;
/** One of {@link roles}. */
export type Role = (typeof roles)[number];

/** Who acts. It rides in every command, record header and audit entry. */
export interface Principal {
  readonly tenant_id: string;
  readonly subject: string;
  readonly roles: readonly Role[];
  readonly scopes: readonly Scope[];
}

/** The key of a record or room: it begins with the tenant, so that no tenant meets another's data. */
export function tenantKey(tenant_id: string, ...parts: readonly string[]): string {
  return [tenant_id, ...parts.map((part) => part.replaceAll('%', '%25').replaceAll('/', '%2F'))].join('/');
}

/** The parts that {@link tenantKey} joined; the tenant comes first. */
export function splitTenantKey(key: string): string[] {
  return key.split('/').map((part) => part.replaceAll('%2F', '/').replaceAll('%25', '%'));
}
