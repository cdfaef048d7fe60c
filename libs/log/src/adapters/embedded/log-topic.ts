import type { Retention } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';

/** What the log needs to know of a topic; every topic of the catalogue is one. */
export interface LogTopic {
  readonly name: string;
  readonly partitions: number;
  readonly retention: Retention;
  /** The single writer. */
  readonly owner: string;
  /** Its values hold whole records of other topics, and may be larger than those. */
  readonly wraps_records?: true;
}

/** The topics that one log serves, by name. */
export class LogTopics {
  readonly #byName: ReadonlyMap<string, LogTopic>;

  constructor(topics: Iterable<LogTopic>) {
    this.#byName = new Map([...topics].map((topic) => [topic.name, topic]));
  }

  /** @throws NervelineError `NL-LOG-001` */
  find(name: string): LogTopic {
    const topic = this.#byName.get(name);
    if (topic === undefined)
      throw new NervelineError('NL-LOG-001', { detail: `topic ${name} is not in the catalogue` });
    return topic;
  }

  /** @throws NervelineError `NL-LOG-001`, `NL-LOG-012` */
  findPartition(name: string, partition: number): LogTopic {
    const topic = this.find(name);
    if (!Number.isInteger(partition) || partition < 0 || partition >= topic.partitions) {
      throw new NervelineError('NL-LOG-012', {
        detail: `topic ${name} has partitions 0 to ${topic.partitions - 1}, not ${partition}`,
      });
    }
    return topic;
  }

  /** @throws NervelineError `NL-LOG-001`, `NL-LOG-002` */
  findOwn(name: string, service: string): LogTopic {
    const topic = this.find(name);
    if (topic.owner !== service) {
      throw new NervelineError('NL-LOG-002', {
        detail: `topic ${name} is written by ${topic.owner}, not by ${service}`,
      });
    }
    return topic;
  }

  all(): LogTopic[] {
    return [...this.#byName.values()];
  }

  ownedBy(service: string): LogTopic[] {
    return this.all().filter((topic) => topic.owner === service);
  }
}
