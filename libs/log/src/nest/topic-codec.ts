import { decodePositionFix, splitTenantKey, vehicleId } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import type { LogRecord } from '../ports/log';

/** What a schema of any library says to who asks: https://standardschema.dev, as far as it is needed here. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): StandardResult<Output> | Promise<StandardResult<Output>>;
  };
}

type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
      }[];
    };

/** A topic as an event handler names it; every topic of the catalogue is one. */
export interface EventTopic {
  readonly name: string;
  readonly schema: StandardSchema;
  readonly encoding?: 'json' | 'position-fix';
}

/**
 * A value that fits its schema.
 *
 * @throws NervelineError `NL-LOG-011`, naming the field
 */
export function validate<Output>(name: string, schema: StandardSchema<Output>, value: unknown): Output {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) {
    throw new NervelineError('NL-LOG-031', {
      detail: `the schema of ${name} takes its time: records are not kept waiting`,
    });
  }
  if (result.issues === undefined) return result.value;
  const [issue] = result.issues;
  const path = (issue?.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  throw new NervelineError('NL-LOG-011', {
    detail: `${name}: ${issue?.message ?? 'does not fit its schema'}`,
    field: path,
  });
}

/**
 * A record's value as its topic's schema describes it; null for a tombstone.
 *
 * @throws NervelineError `NL-LOG-011`
 */
export function decodeRecord(topic: EventTopic, record: LogRecord): unknown {
  const { key, value } = record;
  if (value === null) return null;
  if (topic.encoding === 'position-fix') {
    const [, vehicle] = splitTenantKey(Buffer.from(key ?? []).toString());
    return decodePositionFix(vehicleId.parse(vehicle), value);
  }
  return validate(topic.name, topic.schema, parseJson(topic.name, value));
}

function parseJson(name: string, value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString());
  } catch (cause) {
    throw new NervelineError('NL-LOG-011', { detail: `${name}: not JSON`, cause });
  }
}
