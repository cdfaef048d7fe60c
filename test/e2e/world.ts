import { randomUUID } from 'node:crypto';
import { topics, type VehiclePlan } from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import { openLog, type Log } from '@nerveline/log';
import type { TestPlatform } from '@nerveline/testing';
import { Client } from 'pg';

/** What people and machines do to the platform while somebody watches a page, through its public doors only. */
export class World {
  constructor(private readonly platform: TestPlatform) {}

  async sql(text: string, values: readonly unknown[] = []): Promise<void> {
    const client = new Client({ connectionString: this.platform.database_url });
    await client.connect();
    try {
      await client.query(text, [...values]);
    } finally {
      await client.end();
    }
  }

  block(card: string, reason: string): Promise<void> {
    return this.sql(`insert into fraud.block_list values ('demo', 'card', $1, $2, 'a test')`, [card, reason]);
  }

  /** The verdict over a payment. */
  async pay(card: string, amount_minor: number, merchant_id = 'M-001'): Promise<string> {
    const payment_id = randomUUID();
    const { status, body } = await this.platform.post('fraud-scoring', '/v1/payments/decisions', {
      payment_id,
      idempotency_key: payment_id,
      card,
      amount_minor,
      currency: 'EUR',
      merchant_id,
      event_ms: Date.now(),
    });
    if (status !== 200) throw new Error(`a payment got ${status}: ${JSON.stringify(body)}`);
    return (body as { verdict: string }).verdict;
  }

  /** A new product with so many units in Berlin. */
  async stock(sku: string, name: string, quantity: number): Promise<void> {
    await this.sql(`insert into inventory.products values ('demo', $1, $2, 4900, 'EUR')`, [sku, name]);
    const { status, body } = await this.platform.post('inventory-sync', '/v1/stock/movements', {
      idempotency_key: randomUUID(),
      kind: 'receipt',
      sku,
      location_id: 'B1',
      quantity,
      reason: 'for a test',
    });
    if (status >= 300) throw new Error(`a receipt got ${status}: ${JSON.stringify(body)}`);
  }

  /** `granted` or `refused`. */
  async reserve(sku: string, quantity: number): Promise<string> {
    const { status, body } = await this.platform.post('inventory-sync', '/v1/reservations', {
      idempotency_key: randomUUID(),
      channel_id: 'web',
      holder: 'a buyer',
      ttl_ms: 600_000,
      lines: [{ sku, location_id: 'B1', quantity }],
    });
    if (status >= 300) throw new Error(`a reservation got ${status}: ${JSON.stringify(body)}`);
    return (body as { kind: string }).kind;
  }

  /** The last planned segment of some vehicle: it has not been there yet. */
  somePlannedSegment(): Promise<number | undefined> {
    return this.#reading(async (log) => {
      const { name, partitions } = topics.plans;
      for (let partition = 0; partition < partitions; partition += 1) {
        const { records } = await log.read({ topic: name, partition, from: offset(0) });
        const value = records.at(-1)?.value;
        if (value != null) return (JSON.parse(Buffer.from(value).toString()) as VehiclePlan).segment_ids.at(-1);
      }
      return undefined;
    });
  }

  /** The next offset of each partition of a topic. */
  tailsOf(topic: string): Promise<readonly number[]> {
    return this.#reading(async (log) => {
      const description = (await log.describe()).find((each) => each.topic === topic);
      return (description?.partitions ?? []).map(({ next_offset }) => next_offset);
    });
  }

  async #reading<T>(read: (log: Log) => Promise<T>): Promise<T> {
    const log = await openLog({ data_directory: this.platform.data_directory, service: 'test-reader' });
    try {
      return await read(log);
    } finally {
      await log.close();
    }
  }
}
