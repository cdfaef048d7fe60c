import type { Client, Connection, Submittable } from 'pg';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { NervelineError } from '@nerveline/kernel';
import type { SourceClient } from '../source/source-client';
import { toSourceError } from '../source/source-errors';
import { FrameReader } from './frame-reader';
import { encodeStandbyStatus, readCopyData, type StandbyStatus, type WalReceiver } from './wire';

export interface ReplicationStreamOptions {
  readonly slot: string;
  readonly publication: string;
  /** As `server_version_num`: which protocol the server speaks. */
  readonly server_version: number;
  /** Large transactions come in parts before they end, so that the server need not keep them on its disk. */
  readonly in_progress: boolean;
  /** Takes each message at once; what it throws ends the stream. */
  readonly receiver: WalReceiver;
}

/** The newest protocol of pgoutput that each server speaks. */
const PROTOCOLS: readonly (readonly [server_version: number, protocol: number])[] = [
  [160_000, 4],
  [150_000, 3],
  [0, 2],
];

function startStatement(options: ReplicationStreamOptions): string {
  const { slot, publication, server_version, in_progress } = options;
  const protocol = PROTOCOLS.find(([version]) => server_version >= version)?.[1];
  return (
    `START_REPLICATION SLOT ${escapeIdentifier(slot)} LOGICAL 0/0 (proto_version '${protocol}', ` +
    `publication_names ${escapeLiteral(escapeIdentifier(publication))}, messages 'true'` +
    `${in_progress ? ", streaming 'on'" : ''})`
  );
}

/**
 * START_REPLICATION over a connection of `pg`: the messages of one slot, and our word to the server of how far they are
 * durable. The stream begins at the slot's confirmed position.
 */
export class ReplicationStream {
  /** Resolves after {@link stop}; rejects with what ended the stream. */
  readonly done: Promise<void>;
  readonly #query: CopyBothQuery;
  #pressed = false;
  #busy = false;

  private constructor(
    private readonly source: SourceClient,
    options: ReplicationStreamOptions,
  ) {
    this.#query = new CopyBothQuery(startStatement(options), options.receiver, (busy) => {
      this.#busy = busy;
      this.#flow();
    });
    source.client.query(this.#query);
    this.done = Promise.race([
      this.#query.done,
      source.ended.then((error) => {
        if (error !== undefined) throw error;
      }),
    ]);
    // Whoever waits for it sees the failure; nobody may be waiting yet.
    this.done.catch(() => {});
  }

  /** @throws NervelineError `NL-CDC-004`, `NL-CDC-007` taken by another, `NL-CDC-008` invalidated */
  static async start(source: SourceClient, options: ReplicationStreamOptions): Promise<ReplicationStream> {
    const stream = new ReplicationStream(source, options);
    await Promise.race([stream.#query.started, stream.done]);
    return stream;
  }

  sendStatus(status: StandbyStatus, now_ms: number): void {
    const { stream } = connectionOf(this.source.client);
    if (stream.writable) stream.write(encodeStandbyStatus(status, now_ms));
  }

  /** Stops reading from the socket; TCP and then the WAL sender wait. What has arrived already still comes. */
  pause(): void {
    this.#pressed = true;
    this.#flow();
  }

  resume(): void {
    this.#pressed = false;
    this.#flow();
  }

  #flow(): void {
    const { stream } = connectionOf(this.source.client);
    if (this.#pressed || this.#busy) stream.pause();
    else stream.resume();
  }

  /** Says goodbye, so that our last status arrives; what still comes from the server is dropped. */
  async stop(): Promise<void> {
    this.#query.mute();
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
  #frames: FrameReader | undefined;

  constructor(
    private readonly text: string,
    private readonly receiver: WalReceiver,
    private readonly onBusy: (busy: boolean) => void,
  ) {
    this.started = new Promise((resolve) => (this.#onStarted = resolve));
    this.done = new Promise((resolve, reject) => {
      this.#onEnd = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.done.catch(() => {});
  }

  submit(connection: Connection): void {
    connection.once('replicationStart', this.#onStarted);
    this.#frames = this.#takeOver(connection);
    connection.query(this.text);
  }

  /** Nothing that follows a message that failed may be taken: it would leave a gap. */
  mute(): void {
    this.#frames?.close();
  }

  handleError(error: Error): void {
    this.#onEnd(toSourceError(error, 'streaming from the slot'));
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#onEnd(new NervelineError('NL-CDC-004', { detail: 'the server ended the stream' }));
  }

  /** We read the socket from here on, and the driver gets what isn't CopyData. It has no rest: nothing is under way. */
  #takeOver({ stream }: Connection): FrameReader {
    const drivers = stream.listeners('data') as ((bytes: Buffer) => void)[];
    stream.removeAllListeners('data');
    const frames = new FrameReader({
      onCopyData: (bytes, start, end) => readCopyData(this.receiver, bytes, { start, end }),
      onOther: (frame) => {
        for (const listener of drivers) listener.call(stream, frame);
      },
      onBusy: this.onBusy,
      onError: (error) => this.#onEnd(error instanceof Error ? error : new Error(String(error))),
    });
    stream.on('data', (chunk: Buffer) => frames.read(chunk));
    return frames;
  }
}
