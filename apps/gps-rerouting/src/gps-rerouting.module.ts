import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { splitTenantKey, vehicleId, type TenantId } from '@nerveline/contracts';
import { systemClock, type Clock } from '@nerveline/kernel';
import {
  deadLettersController,
  LogTransport,
  openServiceLog,
  partitionFor,
  requestsController,
  type Log,
} from '@nerveline/log';
import {
  CurrentPrincipal,
  exitWith,
  LOGGER,
  logOptions,
  Readiness,
  Scope,
  SignedIn,
  type Logger,
} from '@nerveline/service-defaults';
import { EventClocks } from '@nerveline/stream';
import { FleetRunner } from './adapters/fleet-runner';
import { FleetController } from './adapters/http/fleet.controller';
import { MapController } from './adapters/http/map.controller';
import { MapDocuments } from './adapters/http/map-document';
import { PositionsController } from './adapters/http/positions.controller';
import { FleetCommandsController } from './adapters/log/fleet-commands.controller';
import { TablesController } from './adapters/log/tables.controller';
import { deadLetterDesk, tablesTransport } from './adapters/log/tables-transport';
import { loadRoads, roadsOf } from './adapters/osm/load-roads';
import { DEAD_LETTERS, LOG, SURROUNDINGS } from './adapters/tokens';
import { TurfRoadCutter } from './adapters/traffic/cut-roads';
import { AcceptPositions } from './application/accept-positions';
import { AnswerProposal } from './application/answer-proposal';
import { ApplyTables } from './application/apply-tables';
import { Desk } from './application/desk';
import { Directory } from './application/directory';
import { ExpireByClock } from './application/expire-by-clock';
import { FindRoute } from './application/find-route';
import { FollowTables } from './application/follow-tables';
import { GaugeWriter } from './application/gauge-writer';
import { PlanVehicle } from './application/plan-vehicle';
import { ReportTraffic } from './application/report-traffic';
import { voidOldRoads } from './application/void-old-roads';
import type { Surroundings } from './application/world';
import type { RoadGraph } from './domain/graph/road-graph';
import { reroutePolicy } from './domain/rerouting/reroute-policy';
import { BidirectionalRouter } from './domain/routing/router';
import { SnapIndex } from './domain/routing/snap-index';
import { trackingPolicy } from './domain/tracking/tracking-policy';
import type { GpsReroutingSettings } from './gps-rerouting.config';

export interface GpsReroutingOptions {
  readonly settings: GpsReroutingSettings;
  /** What the event clock of an undeclared source runs on. */
  readonly wall?: Clock;
}

@Module({})
export class GpsReroutingModule {
  static with({ settings, wall = systemClock }: GpsReroutingOptions): DynamicModule {
    return {
      module: GpsReroutingModule,
      controllers,
      providers: [...stores(settings, wall), ...verbs, ...intake, FleetRunner],
    };
  }
}

const DeadLettersController = deadLettersController({
  desk: DEAD_LETTERS,
  mayRead: Scope('ops:read'),
  mayWrite: Scope('ops:write'),
  principal: CurrentPrincipal(),
});

/** The way in for the pages' commands; each has its scope at its handler. */
const RequestsController = requestsController({
  transport: LogTransport,
  may: SignedIn(),
  principal: CurrentPrincipal(),
});

const controllers = [
  PositionsController,
  FleetController,
  MapController,
  TablesController,
  FleetCommandsController,
  RequestsController,
  DeadLettersController,
];

const stores = (settings: GpsReroutingSettings, wall: Clock): Provider[] => [
  {
    provide: LOG,
    inject: [LOGGER, Readiness],
    useFactory: (logger: Logger, readiness: Readiness) =>
      openServiceLog({ service: 'gps-rerouting', working: 'one', ...logOptions(settings, logger, readiness) }),
  },
  { provide: SURROUNDINGS, inject: [LOGGER], useFactory: (logger: Logger) => surroundingsFor(settings, logger) },
  Directory,
  { provide: GaugeWriter, inject: [Directory], useFactory: (directory: Directory) => new GaugeWriter(directory) },
  {
    provide: EventClocks,
    inject: [LOG],
    useFactory: async (log: Log) => {
      const clocks = new EventClocks('fleet', wall);
      await clocks.restore(log);
      return clocks;
    },
  },
  {
    provide: Desk,
    inject: [LOG, SURROUNDINGS, GaugeWriter, EventClocks, LOGGER],
    useFactory: async (log: Log, around: Surroundings, gauge: GaugeWriter, clocks: EventClocks, logger: Logger) => {
      const onFatal = (error: unknown) => exitWith(logger, error);
      const desk = new Desk({ log, surroundings: around, gauge, wall, partitionOf: partitionFor, onFatal });
      const restored = await desk.open();
      const { void_plans, void_incidents } = restored;
      if (void_plans.length + void_incidents.length > 0) {
        const lost = { plans: void_plans.length, incidents: void_incidents.length };
        logger.warn(lost, 'the roads are others than before: plans and incidents on the former ones are void');
      }
      await voidOldRoads(desk, restored, clocks);
      return desk;
    },
  },
  {
    provide: ApplyTables,
    inject: [Desk, EventClocks, Directory],
    useFactory: (desk: Desk, clocks: EventClocks, directory: Directory) => new ApplyTables(desk, clocks, directory),
  },
  {
    provide: FollowTables,
    inject: [LOG, Directory, GaugeWriter, Desk, ApplyTables],
    useFactory: async (log: Log, directory: Directory, gauge: GaugeWriter, desk: Desk, fleet: ApplyTables) => {
      const tables = new FollowTables(directory, {
        onFacts: (tenant_id, key) => tellAnew(desk, gauge, { tenant_id, key }),
        apply: (concerned) => fleet.apply(concerned),
      });
      await tables.restore(log);
      return tables;
    },
  },
];

const intake: Provider[] = [
  { provide: LogTransport, inject: [LOG, LOGGER], useFactory: tablesTransport },
  { provide: DEAD_LETTERS, inject: [LOG, LogTransport], useFactory: deadLetterDesk },
];

const verbs: Provider[] = [
  {
    provide: MapDocuments,
    inject: [SURROUNDINGS],
    useFactory: ({ graph }: Surroundings) => new MapDocuments(graph),
  },
  {
    provide: AcceptPositions,
    inject: [Desk, EventClocks, Directory],
    useFactory: (desk: Desk, clocks: EventClocks, directory: Directory) => new AcceptPositions(desk, clocks, directory),
  },
  {
    provide: PlanVehicle,
    inject: [Desk, EventClocks, Directory],
    useFactory: (desk: Desk, clocks: EventClocks, directory: Directory) => new PlanVehicle(desk, clocks, directory),
  },
  {
    provide: ReportTraffic,
    inject: [Desk, EventClocks, SURROUNDINGS],
    useFactory: (desk: Desk, clocks: EventClocks, roads: Surroundings) =>
      new ReportTraffic(desk, clocks, new TurfRoadCutter(roads)),
  },
  {
    provide: AnswerProposal,
    inject: [Desk, EventClocks, Directory],
    useFactory: (desk: Desk, clocks: EventClocks, directory: Directory) => new AnswerProposal(desk, clocks, directory),
  },
  {
    provide: ExpireByClock,
    inject: [Desk, EventClocks, GaugeWriter],
    useFactory: (desk: Desk, clocks: EventClocks, gauge: GaugeWriter) => new ExpireByClock(desk, clocks, gauge),
  },
  { provide: FindRoute, inject: [Desk], useFactory: (desk: Desk) => new FindRoute(desk) },
];

async function surroundingsFor(settings: GpsReroutingSettings, logger: Logger): Promise<Surroundings> {
  const { graph, source, cached, islands } = await loadRoads(roadsOf(settings));
  logger.info({ source, cached, islands, segments: graph.edge_count, graph: graph.hash }, 'roads loaded');
  return surroundingsOf(graph);
}

/** All that decisions are made with, over one road graph. */
export function surroundingsOf(graph: RoadGraph): Surroundings {
  return {
    graph,
    snap: new SnapIndex(graph),
    engine: new BidirectionalRouter(graph),
    tracking: trackingPolicy,
    reroute: reroutePolicy,
  };
}

/** A vehicle that is on a page gets its new name there. */
function tellAnew(desk: Desk, gauge: GaugeWriter, of: { readonly tenant_id: TenantId; readonly key: string }): void {
  const id = vehicleId.safeParse(splitTenantKey(of.key)[1]);
  const vehicle = id.success ? desk.world.fleet(of.tenant_id).vehicles.get(id.data) : undefined;
  if (vehicle !== undefined) gauge.mark(of.tenant_id, vehicle);
}
