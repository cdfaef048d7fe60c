import { NervelineError } from '@nerveline/kernel';

/**
 * Turns an array's text form (`{1,2,NULL,"a,b"}`, nested by dimension) into JSON, each element through `element`.
 * Lower bounds other than 1 (`[0:1]={1,2}`) are left out, as Debezium does.
 *
 * @throws NervelineError `NL-CDC-014`
 */
export function arrayToJson(text: string, element: (text: string) => string): string {
  const start = text.startsWith('[') ? text.indexOf('=') + 1 : 0;
  const out: string[] = [];
  const end = readArray({ text, element, out }, start);
  if (end !== text.length) throw malformed();
  return out.join('');
}

interface Reading {
  readonly text: string;
  readonly element: (text: string) => string;
  readonly out: string[];
}

/** Reads the array that begins at `at` and gives the place behind it. */
function readArray(reading: Reading, at: number): number {
  const { text, out } = reading;
  if (text[at] !== '{') throw malformed();
  out.push('[');
  let next = at + 1;
  while (text[next] !== '}') {
    if (next > at + 1) {
      if (text[next] !== ',') throw malformed();
      out.push(',');
      next += 1;
    }
    next = text[next] === '{' ? readArray(reading, next) : readElement(reading, next);
  }
  out.push(']');
  return next + 1;
}

function readElement({ text, element, out }: Reading, at: number): number {
  if (text[at] === '"') {
    const match = matchAt(/"((?:[^"\\]|\\[\s\S])*)"/y, text, at);
    out.push(element((match[1] ?? '').replace(/\\([\s\S])/g, '$1')));
    return at + match[0].length;
  }
  const [raw] = matchAt(/(?:[^,{}"\\]|\\[\s\S])+/y, text, at);
  out.push(raw === 'NULL' ? 'null' : element(raw.replace(/\\([\s\S])/g, '$1')));
  return at + raw.length;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (match === null) throw malformed();
  return match;
}

const malformed = () => new NervelineError('NL-CDC-014', { detail: 'an array has an unknown form' });
