/** Names of the files in the key directory of an installation. */
export const PUBLIC_KEYS = 'jwks.json';
export const OPERATOR_TOKEN = 'operator.token';
export const SERVICE_TOKEN = 'service.token';
