import { createHash } from 'node:crypto';
import type { Principal } from '@nerveline/kernel';
import type { RequestContext } from '../../application/reserve-stock';

/**
 * Who asks, and a digest of what: the route's name keeps requests of different kinds apart, and a body that passed its
 * schema has its fields in the schema's order, so that the same request has the same digest however it was written.
 */
export function contextOf(by: Principal, route: string, body: object): RequestContext {
  const request_hash = createHash('sha256')
    .update(`${route}\n${JSON.stringify(body)}`)
    .digest('base64');
  return { by, request_hash };
}
