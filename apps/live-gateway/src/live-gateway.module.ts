import { setTimeout as pause } from 'node:timers/promises';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { systemClock } from '@nerveline/kernel';
import { LogClient, openServiceLog, type Log } from '@nerveline/log';
import { defaultPushLimits, PushHub, type PushIo } from '@nerveline/push';
import { LOGGER, logOptions, Readiness, type Logger } from '@nerveline/service-defaults';
import { Server } from 'socket.io';
import { serveDashboard } from './adapters/http/dashboard-pages';
import { MapController } from './adapters/http/map.controller';
import { SessionController } from './adapters/http/session.controller';
import { measurePush } from './adapters/push-metrics';
import { CommandAudit } from './adapters/services/command-audit';
import { CommandForwarder } from './adapters/services/command-forwarder';
import { ServiceAddresses } from './adapters/services/service-addresses';
import { ServiceWatch } from './adapters/services/service-watch';
import { Shutdown } from './adapters/shutdown';
import { LiveGateway } from './adapters/socket/live.gateway';
import { FLOW_ROOM } from './adapters/socket/rooms';
import { PushAdapter } from './adapters/socket/push-adapter';
import { GATEWAY_SETTINGS, LOG, PUSH_IO } from './adapters/tokens';
import { FlowMonitor } from './application/flow-monitor';
import { RecentEvents } from './application/recent-events';
import { StateChanges } from './application/state-changes';
import { TraceEvent } from './application/trace-event';
import type { LiveGatewaySettings } from './live-gateway.config';

const PING_INTERVAL_MS = 15_000;
const PING_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;

@Module({})
export class LiveGatewayModule {
  static with(settings: LiveGatewaySettings): DynamicModule {
    const providers: Provider[] = [
      { provide: GATEWAY_SETTINGS, useValue: settings },
      {
        provide: LOG,
        inject: [LOGGER, Readiness],
        useFactory: (logger: Logger, readiness: Readiness) =>
          openServiceLog({ service: 'live-gateway', working: 'all', ...logOptions(settings, logger, readiness) }),
      },
      { provide: PUSH_IO, useFactory: createIo },
      RecentEvents,
      { provide: PushHub, inject: [LOG, PUSH_IO, LOGGER], useFactory: createHub(settings) },
      {
        provide: FlowMonitor,
        inject: [LOG, PushHub, PUSH_IO, RecentEvents, ServiceWatch, LOGGER],
        useFactory: createMonitor,
      },
      {
        provide: TraceEvent,
        inject: [LOG, RecentEvents],
        useFactory: (log: Log, recent: RecentEvents) => new TraceEvent(log, recent),
      },
      ServiceAddresses,
      { provide: LogClient, inject: [LOG, ServiceAddresses], useFactory: createClient },
      ServiceWatch,
      CommandAudit,
      CommandForwarder,
      LiveGateway,
      Shutdown,
    ];
    return { module: LiveGatewayModule, controllers: [SessionController, MapController], providers };
  }
}

/** Puts sockets and pages onto the service's own HTTP server. */
export async function prepareLiveGateway(app: NestFastifyApplication, settings: LiveGatewaySettings): Promise<void> {
  app.useWebSocketAdapter(new PushAdapter(app, app.get<Server>(PUSH_IO)));
  await serveDashboard(app, settings.DASHBOARD_DIR);
}

/** Asks the owners of keys, at the addresses that the log or the settings tell. */
const createClient = (log: Log, addresses: ServiceAddresses): LogClient =>
  new LogClient({
    log: {
      ownerOf: (topic, key) => addresses.ownerOf(topic, key),
      append: (records) => log.append(records),
    },
  });

function createIo(): PushIo {
  return new Server({
    serveClient: false,
    maxHttpBufferSize: defaultPushLimits.message_bytes_max,
    pingInterval: PING_INTERVAL_MS,
    pingTimeout: PING_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
  });
}

const createHub = (settings: LiveGatewaySettings) => (source: Log, io: PushIo, logger: Logger) => {
  const onError = (error: unknown) => logger.error({ err: error }, 'push');
  const hub = new PushHub({ source, io, onError, limits: { clients_max: settings.CLIENTS_MAX } });
  measurePush(hub);
  return hub;
};

function createMonitor(...parts: [Log, PushHub, PushIo, RecentEvents, ServiceWatch, Logger]): FlowMonitor {
  const [log, hub, io, recent, look, logger] = parts;
  const onError = (error: unknown) => logger.error({ err: error }, 'flow');
  const monitor = new FlowMonitor({
    log,
    recent,
    changes: new StateChanges({
      log,
      clock: systemClock,
      onError,
      pause: (duration_ms, signal) => pause(duration_ms, undefined, { signal, ref: false }),
    }),
    look,
    clock: systemClock,
    stats: () => hub.stats(),
    follow: (topic) => hub.feed.retain(topic),
    // A client that is behind gets the next pulse rather than an old one.
    show: (status) => io.to(FLOW_ROOM).volatile.emit('flow', status),
    onError,
  });
  hub.onTick((batches) => monitor.observe(batches));
  return monitor;
}
