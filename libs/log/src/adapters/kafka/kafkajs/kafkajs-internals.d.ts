/*
 * The parts of kafkajs below its public clients: a connection, and the requests of the protocol. kafkajs has no types for
 * them. Its version is pinned, and it hasn't changed since 2023: see docs/adr/0005.
 */

declare module 'kafkajs/src/network/connection' {
  import type { Socket } from 'node:net';
  import type { Protocol } from 'kafkajs/src/protocol/requests';

  namespace Connection {
    interface SilentLogger {
      namespace(): SilentLogger;
      debug(): void;
      info(): void;
      warn(): void;
      error(): void;
    }
    interface SocketOptions {
      readonly host: string;
      readonly port: number;
      readonly onConnect: () => void;
    }
    interface Options {
      readonly host: string;
      readonly port: number;
      readonly clientId: string;
      readonly logger: SilentLogger;
      readonly socketFactory: (options: SocketOptions) => Socket;
      readonly connectionTimeout: number;
      readonly requestTimeout: number;
      readonly sasl: object | null;
    }
  }
  class Connection {
    constructor(options: Connection.Options);
    connect(): Promise<boolean>;
    authenticate(): Promise<void>;
    isConnected(): boolean;
    setVersions(versions: object): void;
    setSupportAuthenticationProtocol(supported: boolean): void;
    send(protocol: Protocol): Promise<unknown>;
  }
  export = Connection;
}

declare module 'kafkajs/src/protocol/requests' {
  export interface Protocol {
    readonly request: {
      readonly apiKey: number;
      readonly apiVersion: number;
      readonly apiName: string;
      readonly encode: () => Promise<unknown>;
    };
    readonly response: {
      readonly decode: (bytes: Buffer) => Promise<unknown>;
      readonly parse: (data: unknown) => Promise<unknown>;
    };
    readonly requestTimeout?: number;
  }
  export const requests: Readonly<
    Record<string, { protocol(options: { version: number }): (parameters: object) => Protocol }>
  >;
}

declare module 'kafkajs/src/protocol/encoder' {
  class Encoder {
    writeInt16(value: number): this;
    writeInt32(value: number): this;
    writeString(value: string | null): this;
    writeBufferInternal(bytes: Buffer): void;
    writeUVarIntBytes(): this;
    writeUVarIntString(value: string): this;
    writeUVarIntArray(values: readonly Encoder[]): this;
  }
  export = Encoder;
}

declare module 'kafkajs/src/protocol/decoder' {
  class Decoder {
    constructor(bytes: Buffer);
    readInt16(): number;
    readInt32(): number;
    readInt64(): { toString(): string };
    readString(): string;
    readBytes(): Buffer | null;
    readArray<T>(read: (decoder: Decoder) => T): T[];
    readTaggedFields(): unknown;
    readUVarInt(): number;
    readUVarIntString(): string | null;
  }
  export = Decoder;
}
