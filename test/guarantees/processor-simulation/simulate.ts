import { startProcessor, type Processor } from '@nerveline/log';
import { isNervelineError } from '@nerveline/kernel';
import { Disk, TOPICS } from './disk';
import { FaultyLog, type Sabotage, type World } from './faulty-log';
import { Group } from './group';
import { Schedule, seeded, type Life } from './schedule';
import { Workload } from './workload';

export interface SimulationOptions {
  readonly seed: number;
  /** Steps at which a process is killed. Chosen by the seed when absent. */
  readonly crash_at?: readonly number[];
  readonly sabotage?: Sabotage;
  /** The handler is mended at some time, and dead letters are sent again until none is left. */
  readonly redriven?: boolean;
  /** Nothing fails, hangs, dies or moves. */
  readonly undisturbed?: boolean;
}

export interface SimulationResult {
  /** What is wrong, one sentence each. */
  readonly troubles: readonly string[];
  readonly steps: number;
  readonly parked: number;
  readonly crashes: number;
}

const PROCESSES = 2;
const MAX_STEPS = 30_000;
/** From here on nothing more goes wrong, and everything has to come to its end. */
const CALM_STEP = 700;
/** While records still come in and much goes wrong. */
const MENDED_STEP = 120;

/** Runs two processes over one disk through crashes, faults and rebalances, and compares what comes out. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const simulation = new Simulation(options);
  return simulation.run();
}

class Simulation {
  readonly #schedule: Schedule;
  readonly #disk = new Disk();
  readonly #workload: Workload;
  readonly #world: World;
  readonly #lives: { life: Life; log: FaultyLog; processor: Processor }[] = [];
  readonly #troubles: string[] = [];
  #crashes = 0;
  #parked = 0;
  #calm = false;

  constructor(private readonly options: SimulationOptions) {
    const { seed, sabotage = {}, undisturbed = false } = options;
    this.#schedule = new Schedule(seeded(seed));
    this.#workload = new Workload(this.#disk, this.#schedule);
    this.#workload.troubled = !undisturbed;
    const group = new Group(this.#disk, this.#schedule, TOPICS['input'] ?? 1, (error) => this.#trouble(error));
    this.#world = { disk: this.#disk, schedule: this.#schedule, group, sabotage, fault_rate: undisturbed ? 0 : 0.03 };
    this.#disk.onAppend = () => this.#lives.forEach(({ log }) => log.onAppend());
  }

  async run(): Promise<SimulationResult> {
    for (let i = 0; i < PROCESSES; i += 1) this.#start();
    this.#keepBalanced();
    this.#write(0);
    let settled = false;
    const { undisturbed = false } = this.options;
    while (!settled && this.#troubles.length === 0 && this.#schedule.steps < MAX_STEPS) {
      if (!(await this.#schedule.step())) break;
      if (!this.#calm && this.#schedule.steps >= CALM_STEP) this.#becomeCalm();
      if (this.options.redriven === true && this.#schedule.steps === MENDED_STEP) this.#mend();
      if (!this.#calm && !undisturbed) this.#disturb();
      settled = (this.#calm || undisturbed) && this.#isSettled();
    }
    if (!settled && this.#troubles.length === 0) this.#troubles.push('it did not come to an end');
    this.#compare();
    const { steps } = this.#schedule;
    return { troubles: this.#troubles, steps, parked: this.#parked, crashes: this.#crashes };
  }

  #start(): void {
    const life: Life = { dead: false, stopped_until_ms: 0 };
    const log = new FaultyLog(this.#world, life);
    const { random } = this.#schedule;
    const common = {
      group: 'sim.group',
      topics: ['input', 'side'],
      from: 'earliest' as const,
      concurrency: 3,
      failures: { parked: 'parked', dead_letters: 'dlq' },
      deadline_ms: 60,
      retry: {
        first_ms: 2,
        longest_ms: 10,
        in_place_ms: 15,
        parked_first_ms: 10,
        parked_longest_ms: 40,
        give_up_after_ms: 1e9,
      },
      max_ahead_records: 6,
      max_in_flight_bytes: 60,
      max_parked_records: 5,
      commit_interval_ms: random() < 0.2 ? 0 : 7,
      drain_ms: 100,
      session_ms: 200,
      onHeld: ({ fate }: { fate: string }) => (this.#parked += fate === 'parked' ? 1 : 0),
    };
    const batches = this.options.seed % 3 === 0;
    const processor = startProcessor(
      log,
      batches
        ? { ...common, max_batch_records: 4, handleBatch: (records) => this.#workload.handle(life, records) }
        : { ...common, handle: (record) => this.#workload.handle(life, [record]) },
      this.#schedule.timersOf(life),
    );
    processor.done.catch((error: unknown) => {
      if (life.dead) return;
      life.dead = true;
      if (isNervelineError(error, 'NL-LOG-004')) this.#startLater();
      else this.#trouble(error);
    });
    this.#lives.push({ life, log, processor });
  }

  /** What happens to a process on a bad day. */
  #disturb(): void {
    const { random, steps, now_ms } = this.#schedule;
    const { crash_at } = this.options;
    if (crash_at === undefined ? random() < 0.004 : crash_at.includes(steps)) this.#kill();
    const chance = random();
    const partition = Math.floor(random() * 2);
    if (chance < 0.004) this.#world.group.move(partition, 'asked');
    else if (chance < 0.008) this.#world.group.move(partition, 'taken');
    else if (chance < 0.01) {
      const victim = this.#anyone();
      if (victim !== undefined) victim.life.stopped_until_ms = now_ms + random() * 300;
    }
  }

  #kill(): void {
    const victim = this.#anyone();
    if (victim === undefined) return;
    victim.life.dead = true;
    this.#crashes += 1;
    this.#startLater();
  }

  #startLater(): void {
    this.#schedule.after(this.#schedule.random() * 30, () => this.#start());
  }

  #anyone() {
    const living = this.#lives.filter(({ life }) => !life.dead);
    return living[Math.floor(this.#schedule.random() * living.length)];
  }

  #keepBalanced(): void {
    this.#world.group.balance();
    this.#schedule.after(20, () => this.#keepBalanced());
  }

  #write(from: number): void {
    const count = 1 + Math.floor(this.#schedule.random() * 5);
    const records = this.#workload.records.slice(from, from + count);
    if (records.length === 0) return;
    this.#disk.apply({ appends: records }, this.#schedule.now_ms);
    this.#schedule.after(this.#schedule.random() * 20, () => this.#write(from + count));
  }

  #becomeCalm(): void {
    this.#calm = true;
    this.#world.fault_rate = 0;
    this.#workload.troubled = false;
  }

  #mend(): void {
    this.#workload.mended = true;
    this.#keepRedriving();
  }

  /** By everybody at once, while the other may be killed. */
  #keepRedriving(): void {
    for (const { life, processor } of this.#lives) {
      if (!life.dead) processor.redrive({}).catch((error: unknown) => life.dead || this.#redriveFailed(error));
    }
    if (this.#schedule.random() < 0.03) this.#kill();
    this.#schedule.after(this.#schedule.random() * 60, () => this.#keepRedriving());
  }

  /** The partition went elsewhere meanwhile, or the disk failed: who asked asks again. */
  #redriveFailed(error: unknown): void {
    if (!isNervelineError(error, 'NL-LOG-004') && !(isNervelineError(error) && error.retriable)) this.#trouble(error);
  }

  #isSettled(): boolean {
    const written = ['input', 'side'].flatMap((topic) =>
      (this.#disk.topics.get(topic) ?? []).map((records, partition) => ({ topic, partition, end: records.length })),
    );
    if (written.reduce((sum, { end }) => sum + end, 0) < this.#workload.records.length) return false;
    const behind = written.some(({ topic, partition, end }) => {
      const position = this.#disk.positions.get(`${topic}/${partition}`);
      return end > 0 && (position?.next_offset ?? 0) < end;
    });
    const letters = this.options.redriven === true ? this.#disk.held('dlq').size : 0;
    return !behind && this.#disk.held('parked').size === 0 && letters === 0;
  }

  /** Everything once; what was never a dead letter in its order. */
  #compareRedriven(): void {
    const { outputs } = this.#workload.found();
    const written = this.#workload.records.map(({ topic, key, value }) => [`${topic}/${String(key)}`, String(value)]);
    for (const name of new Set(written.map(([name = '']) => name))) {
      const expected = written.flatMap(([of, value = '']) => (of === name ? [value] : []));
      const found = outputs[name] ?? [];
      const sound = (values: readonly string[]) => values.filter((value) => !value.includes('poison'));
      if (found.toSorted().join() !== expected.toSorted().join() || sound(found).join() !== sound(expected).join())
        this.#troubles.push(`outputs of ${name}: ${found.join()} instead of ${expected.join()}`);
      if (this.#workload.counts()[name] !== expected.length) this.#troubles.push(`state of ${name}`);
    }
  }

  #compare(): void {
    if (this.options.redriven === true) return this.#compareRedriven();
    const expected = this.#workload.expected();
    const found = this.#workload.found();
    const counts = this.#workload.counts();
    if (JSON.stringify(sorted(found.outputs)) !== JSON.stringify(sorted(expected.outputs)))
      this.#troubles.push(`outputs: ${JSON.stringify(found.outputs)} instead of ${JSON.stringify(expected.outputs)}`);
    for (const [name, values] of Object.entries(expected.outputs)) {
      if (counts[name] !== values.length)
        this.#troubles.push(`state of ${name}: ${counts[name]}, not ${values.length}`);
    }
    if (JSON.stringify(found.dead_letters) !== JSON.stringify(expected.dead_letters))
      this.#troubles.push(`dead letters: ${found.dead_letters.join()} instead of ${expected.dead_letters.join()}`);
  }

  #trouble(error: unknown): void {
    this.#troubles.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

const sorted = (outputs: Record<string, string[]>) =>
  Object.fromEntries(Object.entries(outputs).sort(([a], [b]) => a.localeCompare(b)));
