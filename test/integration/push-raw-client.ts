import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * A WebSocket client without a library: it can stop reading, and send what no library would. Speaks just enough of
 * Engine.IO and Socket.IO.
 */
export class RawClient implements AsyncDisposable {
  /** Texts of the WebSocket messages that have come, in their order. */
  readonly messages: string[] = [];
  /** What the server gave as the reason when it closed: 1009 is "too big". */
  close_code: number | undefined;
  #pending = Buffer.alloc(0);

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => undefined);
  }

  /** Connects and signs in. */
  static async open(url: string, token: string): Promise<RawClient> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write(
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\n' +
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    const client = new RawClient(socket);
    client.#take(head.subarray(head.indexOf('\r\n\r\n') + 4));
    client.send(`40${JSON.stringify({ token })}`);
    return client;
  }

  get closed(): boolean {
    return this.close_code !== undefined || this.socket.destroyed || this.socket.readableEnded;
  }

  /** A Socket.IO event with an id to answer to. */
  emit(id: number, event: string, payload: unknown): void {
    this.send(`42${id}${JSON.stringify([event, payload])}`);
  }

  /** The answer to an event. */
  answerTo(id: number): unknown {
    const prefix = `43${id}[`;
    const text = this.messages.find((message) => message.startsWith(prefix));
    return text === undefined ? undefined : (JSON.parse(text.slice(prefix.length - 1)) as unknown[])[0];
  }

  /** Payloads of an event that the server has sent. */
  heard<T>(event: string): T[] {
    const prefix = `42["${event}",`;
    return this.messages
      .filter((message) => message.startsWith(prefix))
      .map((message) => (JSON.parse(message.slice(2)) as [string, T])[1]);
  }

  /** One text message; the mask is zero, so the bytes go as they are. */
  send(text: string): void {
    const body = Buffer.from(text);
    const head = Buffer.alloc(14);
    head[0] = 0x81;
    let size = 2;
    if (body.length < 126) head[1] = 0x80 | body.length;
    else if (body.length < 65_536) {
      head[1] = 0x80 | 126;
      size = head.writeUInt16BE(body.length, 2);
    } else {
      head[1] = 0x80 | 127;
      size = head.writeBigUInt64BE(BigInt(body.length), 2);
    }
    this.socket.write(Buffer.concat([head.subarray(0, size + 4), body]));
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) {
      if (frame.is_close) {
        this.close_code = frame.body.length >= 2 ? frame.body.readUInt16BE(0) : 1005;
        this.socket.end();
        return;
      }
      const text = frame.body.toString('utf8');
      // Engine.IO's ping wants its pong.
      if (text === '2') this.send('3');
      else this.messages.push(text);
    }
  }

  #next(): { readonly is_close: boolean; readonly body: Buffer } | undefined {
    const bytes = this.#pending;
    if (bytes.length < 2) return undefined;
    const short = (bytes[1] ?? 0) & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < head) return undefined;
    const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < head + size) return undefined;
    this.#pending = bytes.subarray(head + size);
    return { is_close: ((bytes[0] ?? 0) & 0x0f) === 8, body: bytes.subarray(head, head + size) };
  }
}
