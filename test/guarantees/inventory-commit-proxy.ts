import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What PostgreSQL says when a transaction is committed: CommandComplete with the tag COMMIT. */
const COMMITTED = Buffer.from('C\0\0\0\x0bCOMMIT\0', 'latin1');

/**
 * Stands between a service and PostgreSQL. Armed, it holds back the next word that a commit has succeeded: the database
 * knows that it has, and the service will never hear of it.
 */
export class CommitProxy implements AsyncDisposable {
  #onCommit: (() => void) | undefined;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    private readonly database_url: URL,
  ) {}

  static async open(database_url: string): Promise<CommitProxy> {
    const server = createServer();
    const proxy = new CommitProxy(server, new URL(database_url));
    server.on('connection', (client) => proxy.#join(client));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const url = new URL(this.database_url);
    url.port = String((this.server.address() as AddressInfo).port);
    return url.href;
  }

  /** Resolves when a commit has succeeded that nobody hears of. */
  arm(): Promise<void> {
    return new Promise((resolve) => (this.#onCommit = resolve));
  }

  #join(client: Socket): void {
    const server = connect(Number(this.database_url.port), this.database_url.hostname);
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
    }
    client.pipe(server);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
    server.on('data', (bytes) => {
      if (this.#onCommit === undefined || !bytes.includes(COMMITTED)) {
        client.write(bytes);
        return;
      }
      this.#onCommit();
      this.#onCommit = undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
