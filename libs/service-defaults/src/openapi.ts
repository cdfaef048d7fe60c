import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { DeclaredRoute } from './routes';
import { PUBLIC, SIGNED_IN, type Demand } from './scope';

/** The API document (OpenAPI 3.1), made from the routes' own schemas when the service starts. */
@Injectable()
export class ApiDocument {
  #document: object = {};
  #page = '';

  get document(): object {
    return this.#document;
  }

  get page(): string {
    return this.#page;
  }

  describe(service: string, routes: readonly DeclaredRoute[]): void {
    const paths: Record<string, Record<string, object>> = {};
    for (const route of routes) (paths[route.path] ??= {})[route.method] = operation(route);
    this.#document = {
      openapi: '3.1.0',
      info: { title: `Nerveline ${service}`, version: '1' },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
      paths,
    };
    this.#page = page(service, routes);
  }
}

const json = (schema: z.ZodType, io: 'input' | 'output') => ({
  content: { 'application/json': { schema: z.toJSONSchema(schema, { io, unrepresentable: 'any' }) } },
});

function operation({ scope, description, body, path }: DeclaredRoute): object {
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  return {
    summary: description?.summary ?? '',
    ...securityOf(scope),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: { required: true, ...json(body, 'input') } }),
    responses: {
      '200': { description: 'Done.', ...(description?.answer !== undefined && json(description.answer, 'output')) },
      '4XX': { description: 'Refused: { error: { code, detail, field, retriable } }.' },
    },
  };
}

function securityOf(scope: Demand): object {
  if (scope === PUBLIC) return {};
  if (scope === SIGNED_IN) return { security: [{ bearer: [] }], description: 'Needs a token.' };
  return { security: [{ bearer: [scope] }], description: `Needs the scope ${scope}.` };
}

/** For people. */
const demandText = (scope: Demand): string =>
  scope === PUBLIC ? 'no token needed' : scope === SIGNED_IN ? 'a token' : `scope ${scope}`;

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function page(service: string, routes: readonly DeclaredRoute[]): string {
  const rows = routes.map(({ method, path, scope, description, body }) => {
    const schema = body && JSON.stringify(z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }), null, 2);
    return `<section><h2><code>${method.toUpperCase()} ${escapeHtml(path)}</code></h2><p>${escapeHtml(description?.summary ?? '')} <small>${demandText(scope)}</small></p>${schema === undefined ? '' : `<details><summary>Body</summary><pre>${escapeHtml(schema)}</pre></details>`}</section>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${service} API</title>
<style>:root{color-scheme:light dark}body{font:14px/1.4 system-ui,sans-serif;max-width:900px;margin:32px auto;padding:0 16px}h2{font-size:16px;margin:24px 0 4px}pre{overflow:auto}</style>
<h1>${service}</h1><p>The same as <a href="/openapi.json">/openapi.json</a>.</p>${rows.join('')}</html>`;
}
