/** pino's number for a warning; what is below stays in the file. */
const WARNING = 40;
const LEVEL_NAMES: Readonly<Record<number, string>> = { 40: 'warning', 50: 'error', 60: 'fatal' };
const MAX_CHARS = 400;

/**
 * What the console shows of a line that a program wrote: warnings and errors in short form, and whatever isn't a log
 * line at all, since nobody prints by plan. Undefined when it is for the file only.
 */
export function toConsoleLine(line: string): string | undefined {
  if (line.trim() === '') return undefined;
  const entry = parse(line);
  if (entry === undefined) return shorten(line);
  if (entry.level < WARNING) return undefined;
  return shorten(`${LEVEL_NAMES[entry.level] ?? 'warning'}: ${entry.message}`);
}

/** PostgreSQL writes plain text: severity after the time and process id, `LOG:` and below being daily business. */
export function postgresConsoleLine(line: string): string | undefined {
  const match = /\b(WARNING|ERROR|FATAL|PANIC):\s+(.*)$/.exec(line);
  // Errors of a client's statement are the client's to tell; a server that dies says PANIC or FATAL.
  if (match === null || match[1] === 'ERROR' || match[1] === 'WARNING') return undefined;
  // The daily FATALs: connections cut when a service or the server stops.
  if (/administrator command|starting up|shutting down|connection to client lost/.test(line)) return undefined;
  return shorten(`${match[1]?.toLowerCase()}: ${match[2]}`);
}

function parse(line: string): { level: number; message: string } | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { level, msg, err } = JSON.parse(line) as { level?: unknown; msg?: unknown; err?: { message?: unknown } };
    if (typeof level !== 'number') return undefined;
    const cause = typeof err?.message === 'string' && err.message !== msg ? err.message : undefined;
    return { level, message: [msg, cause].filter((part) => typeof part === 'string' && part !== '').join(': ') };
  } catch {
    return undefined;
  }
}

const shorten = (text: string): string => (text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)} ...` : text);
