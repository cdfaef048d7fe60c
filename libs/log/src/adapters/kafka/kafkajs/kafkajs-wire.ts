import type { Socket } from 'node:net';
import Connection from 'kafkajs/src/network/connection';
import type { ConnectionSettings } from '../settings';
import type { BrokerAddress, BrokerConnection, ConnectOptions, KafkaWire } from '../wire/broker-connection';
import { isError, KafkaConnectionError } from '../wire/kafka-error';
import { KafkajsConnection } from './kafkajs-connection';
import { protocolOf } from './kafkajs-requests';
import { openSocket, silent } from './kafkajs-socket';

interface ApiVersions {
  readonly apiVersions: readonly {
    readonly apiKey: number;
    readonly minVersion: number;
    readonly maxVersion: number;
  }[];
}

/** kafkajs as connections and as requests of the protocol; the rest of it is not used. */
export class KafkajsWire implements KafkaWire {
  constructor(private readonly settings: ConnectionSettings) {}

  async connect({ host, port }: BrokerAddress, { silence_ms }: ConnectOptions): Promise<BrokerConnection> {
    const broker = `${host}:${port}`;
    const { client_id, connect_timeout_ms, tls, sasl } = this.settings;
    let socket: Socket | undefined;
    const connection = new Connection({
      host,
      port,
      clientId: client_id,
      logger: silent,
      socketFactory: (options) => (socket = openSocket(options, tls)),
      connectionTimeout: connect_timeout_ms,
      requestTimeout: silence_ms,
      sasl: sasl === undefined ? null : { ...sasl },
    });
    const close = (): void => void socket?.destroy(new Error('closed'));
    try {
      await connection.connect();
      if (sasl !== undefined) await authenticate(connection);
      return new KafkajsConnection(broker, connection, close);
    } catch (cause) {
      close();
      const refused_credentials = isError(cause) && isRefusal(cause);
      throw new KafkaConnectionError(broker, { cause, refused_credentials });
    }
  }
}

/** The versions of requests are fixed here, but kafkajs's authentication looks its own up. */
async function authenticate(connection: Connection): Promise<void> {
  const { apiVersions } = (await connection.send(protocolOf('ApiVersions', 2, {}))) as ApiVersions;
  connection.setVersions(Object.fromEntries(apiVersions.map((api) => [api.apiKey, api])));
  connection.setSupportAuthenticationProtocol(true);
  await connection.authenticate();
}

const isRefusal = ({ name, message }: Error): boolean =>
  name === 'KafkaJSSASLAuthenticationError' || message.includes('SASL');
