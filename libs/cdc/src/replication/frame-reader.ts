const HEAD_BYTES = 5;
const COPY_DATA = 'd'.charCodeAt(0);

export interface FrameReaderOptions {
  /** The content of a CopyData message, to be used at once; a promise holds back what follows. */
  readonly onCopyData: (bytes: Buffer, start: number, end: number) => Promise<void> | undefined;
  /** Any other message, whole, with its head. */
  readonly onOther: (frame: Buffer) => void;
  /** The consumer holds back (true) or goes on (false). */
  readonly onBusy: (busy: boolean) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Cuts the bytes of a socket into messages of the PostgreSQL protocol. The driver's own reader makes three objects for
 * each message; this one makes none.
 */
export class FrameReader {
  /** What came since the last whole message. */
  #parts: Buffer[] = [];
  #have_bytes = 0;
  #need_bytes = HEAD_BYTES;
  #busy = false;
  #closed = false;

  constructor(private readonly options: FrameReaderOptions) {}

  read(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#have_bytes += chunk.length;
    // A large message comes in many pieces: they are put together once.
    if (!this.#busy && this.#have_bytes >= this.#need_bytes) this.#cut();
  }

  /** Nothing is read any more: what follows a message that failed would leave a gap. */
  close(): void {
    this.#closed = true;
    this.#parts = [];
  }

  #cut(): void {
    const [first = Buffer.alloc(0)] = this.#parts;
    const bytes = this.#parts.length === 1 ? first : Buffer.concat(this.#parts, this.#have_bytes);
    let at = 0;
    try {
      while (!this.#closed && at + HEAD_BYTES <= bytes.length) {
        const end = at + 1 + bytes.readUInt32BE(at + 1);
        if (end > bytes.length) break;
        const start = at + HEAD_BYTES;
        at = end;
        if (bytes[start - HEAD_BYTES] !== COPY_DATA) this.options.onOther(bytes.subarray(start - HEAD_BYTES, end));
        else {
          const held = this.options.onCopyData(bytes, start, end);
          if (held !== undefined) {
            this.#hold(held);
            break;
          }
        }
      }
    } catch (error) {
      return this.#fail(error);
    }
    this.#keep(bytes, at);
  }

  #keep(bytes: Buffer, at: number): void {
    if (this.#closed) return;
    const rest = bytes.subarray(at);
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#have_bytes = rest.length;
    this.#need_bytes = rest.length < HEAD_BYTES ? HEAD_BYTES : 1 + rest.readUInt32BE(1);
  }

  #hold(held: Promise<void>): void {
    this.#busy = true;
    this.options.onBusy(true);
    held.then(
      () => {
        this.#busy = false;
        if (this.#closed) return;
        if (this.#have_bytes >= this.#need_bytes) this.#cut();
        if (!this.#busy) this.options.onBusy(false);
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    this.close();
    this.options.onError(error);
  }
}
