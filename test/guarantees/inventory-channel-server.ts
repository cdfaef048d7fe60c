import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { channelStockUpdate, type ChannelStockUpdate } from '@nerveline/contracts';

export interface TakenItem {
  readonly sku: string;
  readonly available: number;
  readonly version: number;
  readonly sold_out: boolean;
}

/** How a channel behaves: what it answers next, until told otherwise. */
export type Mood = 'well' | 'broken' | 'busy' | 'garbage' | 'never';

/** A sales channel of the outside: takes stock updates by HTTP, and can be in any mood. */
export class ChannelServer implements AsyncDisposable {
  mood: Mood = 'well';
  /** Everything that it was sent, in the order of arrival, whether it took it or not. */
  readonly sent: TakenItem[] = [];
  readonly taken = new Map<string, TakenItem>();
  #onTaken: ((item: TakenItem) => void) | undefined;

  private constructor(private readonly server: ReturnType<typeof createServer>) {}

  static async open(): Promise<ChannelServer> {
    const server = createServer();
    const channel = new ChannelServer(server);
    server.on('request', (request, response) => void channel.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return channel;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/stock`;
  }

  onTaken(onTaken: (item: TakenItem) => void): void {
    this.#onTaken = onTaken;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const update: ChannelStockUpdate = channelStockUpdate.parse(JSON.parse(body));
    this.sent.push(...update.items);
    switch (this.mood) {
      case 'well':
        for (const item of update.items) {
          this.taken.set(item.sku, item);
          this.#onTaken?.(item);
        }
        response.writeHead(204).end();
        return;
      case 'broken':
        response.writeHead(500).end('no');
        return;
      case 'busy':
        response.writeHead(429).end();
        return;
      case 'garbage':
        response.socket?.end('garbage\r\n\r\n');
        return;
      case 'never':
        request.socket.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
