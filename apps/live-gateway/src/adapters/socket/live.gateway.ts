import { Inject, UseFilters } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
} from '@nestjs/websockets';
import { traceRequest, type Ack, type EventLife } from '@nerveline/contracts';
import { NervelineError, type Principal } from '@nerveline/kernel';
import { parsePayload, PushHub, type PushIo, type PushSocket } from '@nerveline/push';
import { CurrentPrincipal, Public, Scope, TokenVerifier } from '@nerveline/service-defaults';
import { FlowMonitor } from '../../application/flow-monitor';
import { TraceEvent } from '../../application/trace-event';
import { CommandForwarder } from '../services/command-forwarder';
import { AckFilter } from './ack.filter';
import { endWithToken, authenticate } from './handshake';
import { guardRequests } from './request-budget';
import { FLOW_ROOM } from './rooms';

/**
 * The socket events of the contracts. The handshake has authenticated who sends them; what a subscription or command
 * demands stands with the stream or command itself, and is checked there.
 */
@WebSocketGateway()
@UseFilters(AckFilter)
export class LiveGateway
  implements OnGatewayInit<PushIo>, OnGatewayConnection<PushSocket>, OnGatewayDisconnect<PushSocket>
{
  constructor(
    @Inject(PushHub) private readonly hub: PushHub,
    @Inject(TokenVerifier) private readonly tokens: TokenVerifier,
    @Inject(CommandForwarder) private readonly commands: CommandForwarder,
    @Inject(FlowMonitor) private readonly flow: FlowMonitor,
    @Inject(TraceEvent) private readonly traces: TraceEvent,
  ) {}

  afterInit(io: PushIo): void {
    const admit = authenticate(this.tokens, this.hub);
    io.use((socket, next) => void admit(socket, next));
  }

  handleConnection(socket: PushSocket): void {
    const { principal, token } = socket.data;
    if (principal === undefined || token === undefined) {
      socket.disconnect(true);
      return;
    }
    guardRequests(socket, this.hub.limits);
    this.hub.admit(socket, principal);
    endWithToken(socket);
    if (!principal.scopes.includes('ops:read')) return;
    void socket.join(FLOW_ROOM);
    this.flow.watch(socket.id, { principal, token });
  }

  handleDisconnect(socket: PushSocket): void {
    this.hub.leave(socket);
    this.flow.unwatch(socket.id);
  }

  @SubscribeMessage('subscribe')
  @Public()
  async subscribe(@ConnectedSocket() socket: PushSocket, @MessageBody() payload: unknown): Promise<Ack<null>> {
    return { ok: true, value: await this.hub.subscribe(socket, payload) };
  }

  @SubscribeMessage('unsubscribe')
  @Public()
  unsubscribe(@ConnectedSocket() socket: PushSocket, @MessageBody() payload: unknown): Ack<null> {
    return { ok: true, value: this.hub.unsubscribe(socket, payload) };
  }

  @SubscribeMessage('command')
  @Public()
  command(
    @ConnectedSocket() socket: PushSocket,
    @CurrentPrincipal() principal: Principal,
    @MessageBody() payload: unknown,
  ): Promise<Ack<unknown>> {
    const { token } = socket.data;
    if (token === undefined) throw new NervelineError('NL-API-004', { detail: 'nobody is signed in' });
    return this.commands.carry({ principal, token }, payload);
  }

  @SubscribeMessage('trace')
  @Scope('ops:read')
  async trace(@CurrentPrincipal() principal: Principal, @MessageBody() payload: unknown): Promise<Ack<EventLife>> {
    return { ok: true, value: await this.traces.trace(principal, parsePayload(traceRequest, payload)) };
  }
}
