import 'reflect-metadata';
import type { DynamicModule, Type } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { isNervelineError } from '@nerveline/kernel';
import { ErrorFilter, refuseAddress, toNervelineError, validationPipe } from './errors-over-http';
import { createLogger, type Logger } from './logger';
import { ApiDocument } from './openapi';
import { Readiness } from './readiness';
import { declaredRoutes } from './routes';
import { ServiceModule } from './service.module';
import type { ServiceSettings } from './settings';
import { openWaitingRoom } from './waiting-room';

/** A request that isn't here whole by then is cut off. */
const REQUEST_TIMEOUT_MS = 60_000;

/** What a service brings of its own. */
export interface BootstrapOptions {
  /** The service's name, as in the topic catalogue. */
  readonly service: string;
  readonly module: Type | DynamicModule;
  readonly settings: ServiceSettings;
  /** Last touches before it listens: static files, a socket adapter. */
  readonly prepare?: (app: NestFastifyApplication) => Promise<void> | void;
}

/** A service that runs. */
export interface RunningService {
  readonly app: NestFastifyApplication;
  /** `http://127.0.0.1:3001` */
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * Starts a service: guard, validation, error answers, health, metrics, API document, and a stop that drains.
 *
 * Providers stop their intake (consumers, timers) in `beforeApplicationShutdown`, while the last requests are still
 * answered, and close their stores in `onApplicationShutdown`, when none is left.
 *
 * Where the log is on Kafka, its door already answers while the log is waited for: not ready, and why.
 *
 * @throws NervelineError `NL-API-010` when a route declares no scope, and whatever the module's providers raise
 */
export async function startService(options: BootstrapOptions, readiness = new Readiness()): Promise<RunningService> {
  const { settings } = options;
  const app = await whileAnswering(settings, readiness, () => makeApplication(options, readiness));
  try {
    await app.listen(settings.PORT, settings.HOST);
  } catch (error) {
    await app.close();
    throw error;
  }
  return { app, address: await app.getUrl(), stop: () => stop(app) };
}

/** Everything but listening: providers and their hooks open what the service is made of. */
async function makeApplication(options: BootstrapOptions, readiness: Readiness): Promise<NestFastifyApplication> {
  const { service, module, settings } = options;
  const logger = createLogger(service, settings.LOG_LEVEL);
  const adapter = new FastifyAdapter({
    bodyLimit: settings.BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    frameworkErrors: refuseAddress,
  });
  // JSON alone is left: Fastify would hand text over as it is, Nest a form as an object, and a schema would refuse both
  // as if they were bodies of this route.
  adapter.getInstance().removeContentTypeParser('text/plain');
  const app = await NestFactory.create<NestFastifyApplication>(
    ServiceModule.around(module, { settings, logger, readiness }),
    adapter,
    {
      logger: nestLogger(logger),
      abortOnError: false,
      bodyParser: false,
    },
  );
  try {
    app.useGlobalPipes(validationPipe());
    app.useGlobalFilters(new ErrorFilter(logger));
    app.get(ApiDocument).describe(service, declaredRoutes(app.get(ModulesContainer)));
    await options.prepare?.(app);
    await app.init();
    return app;
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** Only a log on Kafka is waited for, and only a port that is known can be asked. */
async function whileAnswering<T>(settings: ServiceSettings, readiness: Readiness, work: () => Promise<T>): Promise<T> {
  const { KAFKA_BROKERS, HOST: host, PORT: port } = settings;
  if (KAFKA_BROKERS === undefined || port === 0) return work();
  const room = await openWaitingRoom(readiness, { host, port });
  try {
    return await work();
  } finally {
    await room.close();
  }
}

/** {@link startService} as a whole program: settings errors end it with one line, SIGTERM and SIGINT drain it. */
export async function bootstrap(options: BootstrapOptions): Promise<void> {
  const logger = createLogger(options.service, options.settings.LOG_LEVEL);
  // From here on a signal asks for a drain, also while the service still starts.
  const asked = stopAsked(options.settings.DRAIN_DEADLINE_MS, logger);
  const readiness = new Readiness();
  void asked.then(() => readiness.drain());
  try {
    const running = await startService(options, readiness);
    logger.info({ address: running.address }, 'listening');
    await asked;
    await running.stop();
    process.exit(0);
  } catch (error) {
    // It was still waiting for its log when it was asked to stop: nothing is in hand.
    if (readiness.draining.aborted && isNervelineError(error, 'NL-LOG-015')) process.exit(0);
    exitWith(logger, error);
  }
}

/** Resolves when the process is asked to stop; what isn't done by the deadline is cut off. */
function stopAsked(drain_deadline_ms: number, logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals) => {
      logger.info({ signal }, 'draining');
      setTimeout(() => {
        logger.error({ drain_deadline_ms }, 'the drain took too long: cut off');
        process.exit(1);
      }, drain_deadline_ms).unref();
      resolve();
    };
    process.once('SIGTERM', onSignal);
    process.once('SIGINT', onSignal);
  });
}

/** How long callers have to get their answers before a broken service ends. */
const LAST_ANSWERS_MS = 100;

/**
 * What a service does when its log can't write any more: those who wait get their error, then the program ends, since
 * only a fresh start knows what the disk holds. For `openLog`'s `onBroken`.
 */
export function failStop(logger: Logger): (error: Error) => void {
  return (error) => {
    logger.fatal({ err: error }, 'the log is broken: the service ends');
    setTimeout(() => process.exit(1), LAST_ANSWERS_MS);
  };
}

/** Ends the program because of an error that nobody can handle, with its code in the last line. */
export function exitWith(logger: Logger, error: unknown): never {
  const known = toNervelineError(error);
  logger.fatal({ err: error, code: known.code, field: known.field }, known.message);
  process.exit(1);
}

async function stop(app: NestFastifyApplication): Promise<void> {
  app.get(Readiness).drain();
  await app.close();
}

function nestLogger(logger: Logger) {
  const say =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: unknown, ...rest: unknown[]) =>
      logger[level]({ context: rest.at(-1) }, String(message));
  // Nest tells each route and module that it wires: of use to a developer only.
  return {
    log: say('debug'),
    debug: say('debug'),
    verbose: say('debug'),
    warn: say('warn'),
    error: say('error'),
    fatal: say('error'),
  };
}
