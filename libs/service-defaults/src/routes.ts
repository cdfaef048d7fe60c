import { RequestMethod } from '@nestjs/common';
import { GUARDS_METADATA, METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { NervelineError } from '@nerveline/kernel';
import { z } from 'zod';
import { DESCRIBE_METADATA, type RouteDescription } from './describe';
import { SCOPE_METADATA, ScopeGuard, type Demand } from './scope';

/** A route as its decorators declare it. */
export interface DeclaredRoute {
  readonly method: string;
  /** With parameters in braces: `/v1/reservations/{reservation_id}`. */
  readonly path: string;
  readonly scope: Demand;
  readonly description: RouteDescription | undefined;
  readonly body: z.ZodType | undefined;
}

type Handler = (...args: never[]) => unknown;

const SOCKET_EVENT_METADATA = 'websockets:message_mapping';
const MESSAGE_HANDLER_METADATA = 'microservices:handler_type';
/** `@MessagePattern`: a request. What arrives by `@EventPattern` was let in where it was written. */
const REQUEST_HANDLER = 1;
const BODY_PARAM = '3:';
const scanner = new MetadataScanner();

/**
 * Every HTTP route of the application, from its decorators.
 *
 * @throws NervelineError `NL-API-010` for a route, message pattern or socket event that declares no scope, and for a message
 *   pattern without the guard that looks at it
 */
export function declaredRoutes(modules: ModulesContainer): DeclaredRoute[] {
  const routes: DeclaredRoute[] = [];
  for (const module of modules.values()) {
    for (const { metatype, instance } of module.controllers.values()) {
      if (typeof metatype !== 'function') continue;
      routes.push(...routesOf(metatype, prototypeOf(instance)));
      demandMessageScopes(metatype, prototypeOf(instance));
    }
    for (const { metatype, instance } of module.providers.values()) {
      if (typeof metatype === 'function' && instance !== null && typeof instance === 'object') {
        demandSocketScopes(metatype, prototypeOf(instance));
      }
    }
  }
  return routes;
}

function prototypeOf(instance: unknown): Record<string, Handler> {
  return Object.getPrototypeOf(instance) as Record<string, Handler>;
}

function routesOf(controller: object, prototype: Record<string, Handler>): DeclaredRoute[] {
  const base = (Reflect.getMetadata(PATH_METADATA, controller) as string | undefined) ?? '';
  return scanner.getAllMethodNames(prototype).flatMap((name) => {
    const handler = prototype[name];
    const method = handler && (Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined);
    if (handler === undefined || method === undefined) return [];
    const path = (Reflect.getMetadata(PATH_METADATA, handler) as string | undefined) ?? '';
    return [
      {
        method: RequestMethod[method].toLowerCase(),
        path: `/${base}/${path}`
          .replaceAll(/\/+/g, '/')
          .replace(/(.)\/$/, '$1')
          .replaceAll(/:(\w+)/g, '{$1}'),
        scope: scopeOf(controller, handler, name),
        description: Reflect.getMetadata(DESCRIBE_METADATA, handler) as RouteDescription | undefined,
        body: bodySchema(controller, name),
      },
    ];
  });
}

function demandSocketScopes(gateway: object, prototype: Record<string, Handler>): void {
  for (const name of scanner.getAllMethodNames(prototype)) {
    const handler = prototype[name];
    if (handler !== undefined && Reflect.hasMetadata(SOCKET_EVENT_METADATA, handler)) scopeOf(gateway, handler, name);
  }
}

/** The guard of every route isn't one of messages: a hybrid application applies none to them by itself. */
function demandMessageScopes(controller: object, prototype: Record<string, Handler>): void {
  for (const name of scanner.getAllMethodNames(prototype)) {
    const handler = prototype[name];
    if (handler === undefined || Reflect.getMetadata(MESSAGE_HANDLER_METADATA, handler) !== REQUEST_HANDLER) continue;
    scopeOf(controller, handler, name);
    const guards = [handler, controller].flatMap(
      (on) => Reflect.getMetadata(GUARDS_METADATA, on) as unknown[] | undefined,
    );
    if (guards.includes(ScopeGuard)) continue;
    const detail = `${(controller as { name: string }).name}.${name} takes requests without the ScopeGuard`;
    throw new NervelineError('NL-API-010', { detail });
  }
}

function scopeOf(owner: object, handler: Handler, name: string): Demand {
  const scope = (Reflect.getMetadata(SCOPE_METADATA, handler) ?? Reflect.getMetadata(SCOPE_METADATA, owner)) as
    Demand | undefined;
  if (scope !== undefined) return scope;
  throw new NervelineError('NL-API-010', { detail: `${(owner as { name: string }).name}.${name} declares no scope` });
}

function bodySchema(controller: object, method_name: string): z.ZodType | undefined {
  const args = Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, method_name) as
    Record<string, { schema?: unknown }> | undefined;
  const body = Object.entries(args ?? {}).find(([key]) => key.startsWith(BODY_PARAM));
  const schema = body?.[1].schema;
  return schema instanceof z.ZodType ? schema : undefined;
}
