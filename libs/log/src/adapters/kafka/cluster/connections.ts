import type { BrokerAddress, BrokerConnection, KafkaWire } from '../wire/broker-connection';
import { KafkaConnectionError } from '../wire/kafka-error';
import type { Connectivity } from './connectivity';

/**
 * A broker answers the requests of one connection one after another: a question that it keeps open (a fetch, the join of
 * a group) holds up everything behind it. So each kind of question has connections of its own.
 */
export interface Lane {
  readonly name: string;
  /** After this long without an answer the connection is given up, and whoever asks next gets a new one. */
  readonly silence_ms: number;
}

/** The open connections, by broker and lane, made when they are needed. */
export class Connections {
  readonly #open = new Map<string, Promise<BrokerConnection>>();
  #closed = false;

  constructor(
    private readonly wire: KafkaWire,
    private readonly connectivity: Connectivity,
  ) {}

  /** One request; a connection that failed it is dropped. */
  async use<T>(address: BrokerAddress, lane: Lane, send: (broker: BrokerConnection) => Promise<T>): Promise<T> {
    const broker = `${address.host}:${address.port}`;
    if (this.#closed) throw new KafkaConnectionError(broker, { cause: 'the log was closed' });
    const key = `${lane.name}@${broker}`;
    const opening = this.#open.get(key) ?? this.open(key, address, lane);
    try {
      const connection = await opening;
      const answer = await send(connection);
      this.connectivity.reached(broker);
      return answer;
    } catch (error) {
      if (error instanceof KafkaConnectionError) {
        this.drop(key, opening);
        if (!this.#closed) this.connectivity.failed(error);
      }
      throw error;
    }
  }

  /** Drops the connections of a lane, so that what hangs on them fails now. */
  dropLane(name: string): void {
    for (const [key, opening] of this.#open) if (key.startsWith(`${name}@`)) this.drop(key, opening);
  }

  close(): void {
    this.#closed = true;
    for (const [key, opening] of this.#open) this.drop(key, opening);
  }

  private open(key: string, address: BrokerAddress, lane: Lane): Promise<BrokerConnection> {
    const opening = this.wire.connect(address, { silence_ms: lane.silence_ms });
    this.#open.set(key, opening);
    return opening;
  }

  private drop(key: string, opening: Promise<BrokerConnection>): void {
    if (this.#open.get(key) === opening) this.#open.delete(key);
    opening.then(
      (connection) => connection.close(),
      () => undefined,
    );
  }
}
