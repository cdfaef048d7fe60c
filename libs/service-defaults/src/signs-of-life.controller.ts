import { Controller, Get, Header, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { metrics } from './metrics';
import { ApiDocument } from './openapi';
import { Readiness } from './readiness';
import { Public } from './scope';
import { Describe } from './describe';

/** What every process serves: is it alive, is it ready, what does it measure, what can it be asked. */
@Controller()
@Public()
export class SignsOfLifeController {
  constructor(
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(ApiDocument) private readonly api: ApiDocument,
  ) {}

  @Get('health/live')
  @Describe({ summary: 'Is the process alive?' })
  live(): { alive: true } {
    return { alive: true };
  }

  @Get('health/ready')
  @Describe({ summary: 'Can it do its work, and if not, what is missing?' })
  ready(@Res({ passthrough: true }) reply: FastifyReply): ReturnType<Readiness['report']> {
    const report = this.readiness.report();
    void reply.status(report.ready ? 200 : 503);
    return report;
  }

  @Get('metrics')
  @Header('content-type', metrics.contentType)
  @Describe({ summary: 'Metrics in the text format of Prometheus.' })
  metrics(): Promise<string> {
    return metrics.metrics();
  }

  @Get('openapi.json')
  @Describe({ summary: 'This document.' })
  openapi(): object {
    return this.api.document;
  }

  @Get('docs')
  @Header('content-type', 'text/html; charset=utf-8')
  @Describe({ summary: 'This document as a page.' })
  docs(): string {
    return this.api.page;
  }
}
