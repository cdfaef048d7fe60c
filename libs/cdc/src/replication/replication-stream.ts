import type { Client, Connection, Submittable } from 'pg';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { NervelineError } from '@nerveline/kernel';
import type { SourceClient } from '../source/source-client';
import { toSourceError } from '../source/source-errors';
import { decodeWalMessage, encodeStandbyStatus, type StandbyStatus, type WalMessage } from './wire';

export interface ReplicationStreamOptions {
  readonly slot: string;
  readonly publication: string;
  /**
   * Takes each message at once; what it throws ends the stream. The server is slowed down with
   * {@link ReplicationStream.pause}.
   */
  readonly onMessage: (message: WalMessage) => void;
}

/**
 * START_REPLICATION over a connection of `pg`: the messages of one slot, and our word to the server of how far they are
 * durable. The stream begins at the slot's confirmed position.
 */
export class ReplicationStream {
  /** Resolves after {@link stop}; rejects with what ended the stream. */
  readonly done: Promise<void>;

  private constructor(
    private readonly source: SourceClient,
    private readonly query: CopyBothQuery,
  ) {
    this.done = Promise.race([
      query.done,
      source.ended.then((error) => {
        if (error !== undefined) throw error;
      }),
    ]);
    // Whoever waits for it sees the failure; nobody may be waiting yet.
    this.done.catch(() => {});
  }

  /** @throws NervelineError `NL-CDC-004`, `NL-CDC-007` taken by another, `NL-CDC-008` invalidated */
  static async start(source: SourceClient, options: ReplicationStreamOptions): Promise<ReplicationStream> {
    const { slot, publication, onMessage } = options;
    const query = new CopyBothQuery(
      `START_REPLICATION SLOT ${escapeIdentifier(slot)} LOGICAL 0/0 (proto_version '1', ` +
        `publication_names ${escapeLiteral(escapeIdentifier(publication))}, messages 'true')`,
      onMessage,
    );
    source.client.query(query);
    const stream = new ReplicationStream(source, query);
    await Promise.race([query.started, stream.done]);
    return stream;
  }

  sendStatus(status: StandbyStatus, now_ms: number): void {
    const { stream } = connectionOf(this.source.client);
    if (stream.writable) stream.write(encodeStandbyStatus(status, now_ms));
  }

  /** Stops reading from the socket; TCP and then the WAL sender wait. What has arrived already still comes. */
  pause(): void {
    connectionOf(this.source.client).stream.pause();
  }

  resume(): void {
    connectionOf(this.source.client).stream.resume();
  }

  /** Says goodbye, so that our last status arrives; what still comes from the server is dropped. */
  async stop(): Promise<void> {
    this.query.mute();
    const connection = connectionOf(this.source.client);
    connection.stream.resume();
    connection.end();
    await Promise.race([this.source.ended, new Promise((resolve) => setTimeout(resolve, GOODBYE_MS).unref())]);
  }
}

const GOODBYE_MS = 1_000;

/** `pg` hands out its connection, though its types name only part of it. */
const connectionOf = (client: Client): Connection => client.connection;

/** A query that turns the connection into copy-both mode, where it stays. */
class CopyBothQuery implements Submittable {
  readonly started: Promise<void>;
  readonly done: Promise<void>;
  #onStarted: () => void = () => {};
  #onEnd: (error?: Error) => void = () => {};

  #onMessage: (message: WalMessage) => void;

  constructor(
    private readonly text: string,
    onMessage: (message: WalMessage) => void,
  ) {
    this.#onMessage = onMessage;
    this.started = new Promise((resolve) => (this.#onStarted = resolve));
    this.done = new Promise((resolve, reject) => {
      this.#onEnd = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.done.catch(() => {});
  }

  submit(connection: Connection): void {
    connection.once('replicationStart', this.#onStarted);
    connection.query(this.text);
  }

  /** Nothing that follows a message that failed may be taken: it would leave a gap. */
  mute(): void {
    this.#onMessage = () => {};
  }

  handleCopyData(message: { readonly chunk: Buffer }): void {
    try {
      this.#onMessage(decodeWalMessage(message.chunk));
    } catch (error) {
      this.mute();
      this.#onEnd(error instanceof Error ? error : new Error(String(error)));
    }
  }

  handleError(error: Error): void {
    this.#onEnd(toSourceError(error, 'streaming from the slot'));
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#onEnd(new NervelineError('NL-CDC-004', { detail: 'the server ended the stream' }));
  }
}
