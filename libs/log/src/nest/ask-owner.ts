import { catalogue, NervelineError, type ErrorCode } from '@nerveline/kernel';
import type { Owner } from '../ports/log';
import { DEADLINE_HEADER, GENERATION_HEADER, REQUEST_PATH } from './request-pattern';

/** A request on its way to the owner of its key. */
export interface OwnerCall {
  readonly name: string;
  readonly request: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** Wall time. */
  readonly until_ms: number;
  readonly signal: AbortSignal;
}

/**
 * What came of asking once. `untouched`: nobody was there, or it was not the owner. `lost`: nobody knows whether it was
 * carried out.
 */
export type Attempt =
  | { readonly kind: 'answered'; readonly answer: unknown }
  | { readonly kind: 'refused' | 'untouched' | 'lost'; readonly error: unknown };

/** Asks the owner once. */
export async function askOwner({ address, generation }: Owner, call: OwnerCall): Promise<Attempt> {
  const { name, request, headers, until_ms, signal } = call;
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`${address}/${REQUEST_PATH}/${name}`, {
      method: 'POST',
      redirect: 'error',
      signal,
      headers: {
        ...headers,
        'content-type': 'application/json',
        [DEADLINE_HEADER]: String(Math.max(1, until_ms - Date.now())),
        [GENERATION_HEADER]: String(generation),
      },
      body: JSON.stringify({ data: request }),
    });
    body = parseJson(await response.text());
  } catch (cause) {
    const error = new NervelineError('NL-API-011', { detail: `the owner of ${name} does not answer`, cause });
    return { kind: wasNeverReached(cause) ? 'untouched' : 'lost', error };
  }
  if (response.ok && isObject(body)) return { kind: 'answered', answer: body['answer'] };
  const error = errorOf(body);
  // A proxy's word, or a server's that is closing.
  if (error === undefined) {
    const detail = `the owner of ${name} answered with status ${response.status}`;
    return { kind: 'lost', error: new NervelineError('NL-API-011', { detail }) };
  }
  if (error.code === 'NL-LOG-033') return { kind: 'untouched', error };
  return { kind: error.code === 'NL-LOG-034' ? 'lost' : 'refused', error };
}

/** The error of the catalogue that a service answered with, whole. */
function errorOf(body: unknown): NervelineError | undefined {
  const told = isObject(body) ? body['error'] : undefined;
  if (!isObject(told)) return undefined;
  const { code, detail, field } = told;
  if (typeof code !== 'string' || !(code in catalogue) || typeof detail !== 'string') return undefined;
  return new NervelineError(code as ErrorCode, { detail, ...(typeof field === 'string' && { field }) });
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wasNeverReached(error: unknown): boolean {
  const { cause } = error as { readonly cause?: { readonly code?: string } };
  return cause?.code === 'ECONNREFUSED';
}
