import { NervelineError } from '@nerveline/kernel';

/** What JSON can say, with every digit: an integer that a number can't hold exactly is a bigint. */
export type ExactJson =
  string | number | bigint | boolean | null | readonly ExactJson[] | { readonly [name: string]: ExactJson };

/** 16 digits in a row are the fewest that a number may round. */
const MAY_ROUND = /\d{16}/;

/**
 * Reads JSON without losing a digit: `JSON.parse` rounds integers beyond 2^53, as an `int8` column may hold. Text that
 * can't hold such a number takes the fast way.
 *
 * @throws NervelineError `NL-LOG-011` when it isn't JSON
 */
export function parseExactJson(text: string): ExactJson {
  try {
    return MAY_ROUND.test(text) ? new Parser(text).document() : (JSON.parse(text) as ExactJson);
  } catch (cause) {
    throw new NervelineError('NL-LOG-011', { detail: 'not JSON', cause });
  }
}

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const MAX_DEPTH = 512;

class Parser {
  #at = 0;
  #depth = 0;

  constructor(private readonly text: string) {}

  document(): ExactJson {
    const value = this.#value();
    this.#take(SPACE);
    if (this.#at !== this.text.length) throw this.#unexpected();
    return value;
  }

  #value(): ExactJson {
    this.#take(SPACE);
    switch (this.text[this.#at]) {
      case '{':
        return this.#nested(() => this.#object());
      case '[':
        return this.#nested(() => this.#array());
      case '"':
        return this.#string();
      default:
        return this.#scalar();
    }
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new SyntaxError(`nested deeper than ${MAX_DEPTH}`);
    this.#at += 1;
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #object(): ExactJson {
    const entries: [string, ExactJson][] = [];
    if (this.#skip('}')) return {};
    do {
      this.#take(SPACE);
      const name = this.#string();
      if (!this.#skip(':')) throw this.#unexpected();
      entries.push([name, this.#value()]);
    } while (this.#skip(','));
    if (!this.#skip('}')) throw this.#unexpected();
    return Object.fromEntries(entries);
  }

  #array(): ExactJson {
    const values: ExactJson[] = [];
    if (this.#skip(']')) return values;
    do values.push(this.#value());
    while (this.#skip(','));
    if (!this.#skip(']')) throw this.#unexpected();
    return values;
  }

  #string(): string {
    const [raw] = this.#match(STRING);
    return raw.includes('\\') ? String(JSON.parse(raw)) : raw.slice(1, -1);
  }

  #scalar(): ExactJson {
    const word = this.#find(WORD);
    if (word !== null) return word[0] === 'null' ? null : word[0] === 'true';
    const [raw, fraction, exponent] = this.#match(NUMBER);
    const value = Number(raw);
    const isInteger = fraction === undefined && exponent === undefined;
    return isInteger && !Number.isSafeInteger(value) ? BigInt(raw) : value;
  }

  #skip(char: string): boolean {
    this.#take(SPACE);
    if (this.text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  #take(pattern: RegExp): void {
    this.#find(pattern);
  }

  #match(pattern: RegExp): RegExpExecArray {
    const found = this.#find(pattern);
    if (found === null) throw this.#unexpected();
    return found;
  }

  #find(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text);
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  #unexpected(): SyntaxError {
    return new SyntaxError(`unexpected character at ${this.#at}`);
  }
}
