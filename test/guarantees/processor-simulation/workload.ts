import { heldRecord } from '@nerveline/contracts';
import { NervelineError, type OutRecord } from '@nerveline/kernel';
import type { Effects, LogRecord } from '@nerveline/log';
import type { Disk } from './disk';
import type { Life, Schedule } from './schedule';

const KEYS = ['ann', 'bob', 'cem', 'dee', 'eve'];
const RECORDS = 40;

const text = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString();

/** What is written, what a handler makes of it, and what must come out whatever happens. */
export class Workload {
  readonly records: OutRecord[];
  /** Dependencies are down: tries fail and hang. */
  troubled = true;
  /** Somebody mended the handler: what nobody could read is read. */
  mended = false;

  constructor(
    private readonly disk: Disk,
    private readonly schedule: Schedule,
  ) {
    const { random } = schedule;
    this.records = Array.from({ length: RECORDS }, (_, i) => {
      const key = KEYS[Math.floor(random() * KEYS.length)] ?? 'ann';
      const value = Buffer.from(`${i}${random() < 0.1 ? ' poison' : ''}`);
      return { topic: random() < 0.8 ? 'input' : 'side', key, value, timestamp_ms: i };
    });
  }

  /** By topic and key: what the handler has to have seen, in this order, each once. */
  expected(): { outputs: Record<string, string[]>; dead_letters: string[] } {
    const outputs: Record<string, string[]> = {};
    const dead_letters: string[] = [];
    for (const { topic, key, value } of this.records) {
      const written = text(value);
      if (written.includes('poison')) dead_letters.push(written);
      else (outputs[`${topic}/${String(key)}`] ??= []).push(written);
    }
    return { outputs, dead_letters: dead_letters.sort() };
  }

  found(): { outputs: Record<string, string[]>; dead_letters: string[] } {
    const outputs: Record<string, string[]> = {};
    for (const { key, value } of this.disk.topics.get('output')?.flat() ?? [])
      (outputs[text(key)] ??= []).push(text(value));
    // Dead letters as they were written, not as they are left: twice would be one too many.
    const dead_letters = (this.disk.topics.get('dlq')?.flat() ?? []).flatMap(({ value }) =>
      value === null ? [] : [Buffer.from(heldRecord.parse(JSON.parse(text(value))).value ?? '', 'base64').toString()],
    );
    return { outputs, dead_letters: dead_letters.sort() };
  }

  /** The state must tell the same as the outputs. */
  counts(): Record<string, number> {
    return Object.fromEntries(
      [...this.disk.state].map(([key, value]) => [key.slice('counts/'.length), Number(text(value))]),
    );
  }

  handle(life: Life, records: readonly LogRecord[]): Promise<Effects> | Effects {
    const { random } = this.schedule;
    const mood = this.troubled ? random() : 1;
    if (mood < 0.05) return this.#after(life, 60 + random() * 200, records);
    if (mood < 0.06) return new Promise(() => undefined);
    if (mood < 0.2) throw new NervelineError('NL-LOG-008', { detail: 'down' });
    if (random() < 0.3) return this.#effects(records);
    return this.#after(life, random() * 10, records);
  }

  /** What it saw when it was called, given back later: a late result is a wrong one. */
  #after(life: Life, delay_ms: number, records: readonly LogRecord[]): Promise<Effects> {
    const effects = this.#effects(records);
    return new Promise((resolve, reject) => {
      this.schedule.after(
        delay_ms,
        () => {
          if (this.troubled && this.schedule.random() < 0.1)
            reject(new NervelineError('NL-LOG-003', { detail: 'down' }));
          else resolve(effects);
        },
        life,
      );
    });
  }

  #effects(records: readonly LogRecord[]): Effects {
    const counts = new Map<string, number>();
    const appends: OutRecord[] = [];
    for (const { topic, key, value } of records) {
      if (!this.mended && text(value).includes('poison')) throw new TypeError('nobody can read this');
      const name = `${topic}/${text(key)}`;
      const count = counts.get(name) ?? Number(text(this.disk.state.get(`counts/${name}`)));
      counts.set(name, count + 1);
      appends.push({ topic: 'output', key: name, value, timestamp_ms: 0 });
    }
    const state = [...counts].map(([key, count]) => ({ store: 'counts', key, value: Buffer.from(`${count}`) }));
    return { appends, state };
  }
}
