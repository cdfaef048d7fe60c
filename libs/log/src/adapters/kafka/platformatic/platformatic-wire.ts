import { isIP } from 'node:net';
import type { ConnectionSettings } from '../settings';
import type { BrokerAddress, BrokerConnection, ConnectOptions, KafkaWire } from '../wire/broker-connection';
import { isError, KafkaConnectionError } from '../wire/kafka-error';
import { PlatformaticConnection } from './platformatic-connection';
import type { Client } from './platformatic-record-requests';

const MECHANISMS = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const;

/** Requests on their way at one time; the adapter above bounds them itself. */
const MAX_IN_FLIGHT = 1_000;

/** @platformatic/kafka as connections and requests. Version 1 runs on Node 20.19.4 and later, version 2 wants Node 22. */
export class PlatformaticWire implements KafkaWire {
  #client: Promise<Client> | undefined;

  constructor(private readonly settings: ConnectionSettings) {}

  async connect({ host, port }: BrokerAddress, { silence_ms }: ConnectOptions): Promise<BrokerConnection> {
    const broker = `${host}:${port}`;
    // Loaded where it is chosen only.
    this.#client ??= import('@platformatic/kafka');
    const client = await this.#client;
    const { client_id, connect_timeout_ms, tls, sasl } = this.settings;
    const connection = new client.Connection(client_id, {
      connectTimeout: connect_timeout_ms,
      requestTimeout: silence_ms,
      maxInflights: MAX_IN_FLIGHT,
      ...(tls === undefined ? {} : { tls: { ...tls }, tlsServerName: tls.servername ?? isIP(host) === 0 }),
      ...(sasl === undefined ? {} : { sasl: { ...sasl, mechanism: MECHANISMS[sasl.mechanism] } }),
    });
    // Whoever waits for an answer hears of it; nobody else has to.
    connection.on('error', () => undefined);
    try {
      await connection.connect(host, port);
      return new PlatformaticConnection(client, broker, connection);
    } catch (cause) {
      connection.socket.destroy();
      const refused_credentials = isRefusal(cause);
      throw new KafkaConnectionError(broker, { cause, refused_credentials });
    }
  }
}

const isRefusal = (error: unknown): boolean =>
  isError(error) && ((error as { code?: unknown }).code === 'PLT_KFK_AUTHENTICATION' || isRefusal(error.cause));
