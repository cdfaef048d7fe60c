import { join } from 'node:path';
import {
  deadLettersAnswer,
  heldRecordKey,
  topicCatalogue,
  type DeadLetter,
  type DeadLetterFilter,
  type HeldRecord,
} from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import { readDeadLetters } from '@nerveline/log';
import { keyFiles, signToken } from '@nerveline/service-defaults';
import { withLog } from './with-log';

/** `dlq.SERVICE`, one for each service that has any. */
const DEAD_LETTER_TOPICS = topicCatalogue.filter(({ name }) => name.startsWith('dlq.'));

/** A letter and the topic in which it lies. */
export interface FoundLetter {
  readonly lies_in: string;
  readonly held: HeldRecord;
}

/** What lies in the topics of dead letters; of one service, where it is named. */
export async function findDeadLetters(
  data_directory: string,
  filter: DeadLetterFilter,
  service?: string,
): Promise<FoundLetter[]> {
  return withLog(data_directory, async (log) => {
    const found: FoundLetter[] = [];
    for (const { name, owner } of DEAD_LETTER_TOPICS) {
      if (service !== undefined && owner !== service) continue;
      for (const held of await readDeadLetters(log, name, filter)) found.push({ lies_in: name, held });
    }
    return found;
  });
}

/**
 * Has the services that own them send letters again, or forget them. Only an owner may: it knows what else of a key
 * waits.
 *
 * @throws NervelineError `NL-LOG-008` when the owner is stopped, and what it answers
 */
export async function settleDeadLetters(
  data_directory: string,
  how: 'redrive' | 'discard',
  letters: readonly FoundLetter[],
): Promise<DeadLetter[]> {
  const settled: DeadLetter[] = [];
  const { private_key } = keyFiles(join(data_directory, 'keys'));
  const by = { tenant_id: 'demo', subject: 'cli', roles: ['operator'], scopes: ['ops:read', 'ops:write'] } as const;
  const token = await signToken(private_key, by, '5m');
  for (const [address, ids] of await addressesOf(data_directory, letters)) {
    settled.push(...(await ask({ address, how, ids, token })));
  }
  return settled;
}

function addressesOf(data_directory: string, letters: readonly FoundLetter[]): Promise<Map<string, string[]>> {
  return withLog(data_directory, async (log) => {
    const ids = new Map<string, string[]>();
    for (const { lies_in, held } of letters) {
      const id = heldRecordKey(held);
      const { address } = await log.ownerOf(lies_in, id);
      ids.set(address, [...(ids.get(address) ?? []), id]);
    }
    return ids;
  });
}

async function ask(request: {
  readonly address: string;
  readonly how: string;
  readonly ids: readonly string[];
  readonly token: string;
}): Promise<DeadLetter[]> {
  const { address, how, ids, token } = request;
  const response = await fetch(`${address}/v1/dead-letters/${how}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ids }),
  });
  const body: unknown = await response.json();
  if (response.ok) return deadLettersAnswer.parse(body).dead_letters;
  throw new NervelineError('NL-API-008', { detail: `${address} answered ${response.status}: ${JSON.stringify(body)}` });
}
