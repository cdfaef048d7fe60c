import { Catch, Inject, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { isAck, refusal } from '@nerveline/push';
import { LOGGER, toNervelineError, type Logger } from '@nerveline/service-defaults';

/** Answers a socket event that failed, with its code. */
@Injectable()
@Catch()
export class AckFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(raised: unknown, host: ArgumentsHost): void {
    const error = toNervelineError(raised);
    if (error.code === 'NL-API-500') this.logger.error({ err: raised, code: error.code }, error.message);
    const ack = host.getArgs<unknown[]>().find(isAck);
    ack?.(refusal(error));
  }
}
