import type { ErrorEntry } from './catalogue';

export const apiErrors = {
  'NL-API-001': {
    retriable: false,
    http_status: 400,
    meaning: 'The request breaks its schema.',
    action: 'Mend the field that the answer names.',
  },
  'NL-API-002': {
    retriable: false,
    http_status: 400,
    meaning: 'The body is not JSON.',
    action: 'Send well-formed JSON.',
  },
  'NL-API-003': {
    retriable: false,
    http_status: 413,
    meaning: 'The body is larger than the route takes.',
    action: 'Split the request.',
  },
  'NL-API-004': {
    retriable: false,
    http_status: 401,
    meaning: 'The token is missing, expired or not signed by a key that we trust.',
    action: 'Get a fresh token: nerveline token --scope ...',
  },
  'NL-API-005': {
    retriable: false,
    http_status: 403,
    meaning: 'The token does not carry the scope that the route or event demands.',
    action: 'Ask for a token with the scope that the answer names.',
  },
  'NL-API-006': {
    retriable: false,
    http_status: 404,
    meaning: 'There is no such route or object.',
    action: 'Check the address; /openapi.json lists the routes.',
  },
  'NL-API-007': {
    retriable: false,
    http_status: 409,
    meaning: 'The idempotency key was used before with another body.',
    action: 'Use a new key for a new request.',
  },
  'NL-API-008': {
    retriable: true,
    http_status: 503,
    meaning: 'The service is stopping or not ready yet.',
    action: 'Try again; Retry-After says when.',
  },
  'NL-API-009': {
    retriable: false,
    http_status: 415,
    meaning: 'The content type is not one that the route takes.',
    action: 'Send application/json.',
  },
  'NL-API-010': {
    retriable: false,
    meaning: 'A route or socket event declares no scope, so the service refuses to start.',
    action: 'Add @Scope(...) or @Public() to it.',
  },
  'NL-API-011': {
    retriable: true,
    http_status: 502,
    meaning: 'The service behind a command did not answer.',
    action: 'Try again; the command is idempotent by its key.',
  },
  'NL-API-012': {
    retriable: false,
    meaning: 'A setting is missing or wrong, so the service refuses to start.',
    action: 'Mend the setting that the message names.',
  },
  'NL-API-500': {
    retriable: true,
    http_status: 500,
    meaning: 'The service failed in a way that it does not know.',
    action: 'Try again; the log line with the same trace id has the cause.',
  },
} satisfies Record<string, ErrorEntry>;
