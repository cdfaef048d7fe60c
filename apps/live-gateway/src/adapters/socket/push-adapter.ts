import type { Server as HttpServer } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Server } from 'socket.io';

/** Gives Nest the Socket.IO server that the rest of the gateway is built around, on Nest's own HTTP server. */
export class PushAdapter extends IoAdapter {
  constructor(
    app: NestFastifyApplication,
    private readonly io: Server,
  ) {
    super(app);
  }

  override createIOServer(): Server {
    this.io.attach(this.httpServer as HttpServer);
    return this.io;
  }
}
