import { Controller, Get, Headers, Inject, Query, Res } from '@nestjs/common';
import { mapAnswer, mapSpeedsAnswer, type MapSpeedsAnswer } from '@nerveline/contracts';
import type { Principal } from '@nerveline/kernel';
import { CurrentPrincipal, Describe, Scope } from '@nerveline/service-defaults';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Desk } from '../../application/desk';
import { roadClasses } from '../../domain/graph/road-class';
import { callerOf } from './callers';
import { MapDocuments, speedsOf } from './map-document';

const mapQuery = z.strictObject({
  classes: z
    .string()
    .max(256)
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(roadClasses)).min(1))
    .optional(),
});
type MapQuery = z.output<typeof mapQuery>;

/** A day: another graph has another ETag, and a page asks with the one that it has. */
const CACHE_CONTROL = 'private, max-age=86400, must-revalidate';

/** What a page draws: the roads, which stay, and the speeds on them, which change. */
@Controller('v1/map')
export class MapController {
  constructor(
    @Inject(MapDocuments) private readonly documents: MapDocuments,
    @Inject(Desk) private readonly desk: Desk,
  ) {}

  @Get()
  @Scope('fleet:read')
  @Describe({ summary: 'The roads as GeoJSON, all or by class; gzip and ETag.', answer: mapAnswer })
  map(
    @Query({ schema: mapQuery }) { classes }: MapQuery,
    @Headers('if-none-match') known_etag: string | undefined,
    @Headers('accept-encoding') encodings: string | undefined,
    @Res() reply: FastifyReply,
  ): void {
    const { etag, plain, gzip } = this.documents.of(classes);
    void reply.header('etag', etag).header('cache-control', CACHE_CONTROL).header('vary', 'accept-encoding');
    if (known_etag === etag) {
      void reply.status(304).send();
      return;
    }
    const packed = encodings?.includes('gzip') === true;
    if (packed) void reply.header('content-encoding', 'gzip');
    void reply.type('application/geo+json').send(packed ? gzip : plain);
  }

  @Get('speeds')
  @Scope('fleet:read')
  @Describe({ summary: 'What is left of the free speed, where it is not all of it.', answer: mapSpeedsAnswer })
  speeds(@CurrentPrincipal() principal: Principal): MapSpeedsAnswer {
    const { world } = this.desk;
    const { tenant_id } = callerOf(principal, undefined);
    return speedsOf(world.surroundings.graph, world.fleet(tenant_id).metric);
  }
}
