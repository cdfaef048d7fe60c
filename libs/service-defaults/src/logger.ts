import { pino, type Logger } from 'pino';

export type { Logger };

/** JSON lines on stdout. Secrets that might ride in an object are cut out by name. */
export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['*.password', '*.token', '*.authorization', 'password', 'token', 'authorization'],
      censor: '[cut]',
    },
  });
}
