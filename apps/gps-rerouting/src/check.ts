import { createLogger, exitWith } from '@nerveline/service-defaults';
import { loadRoads, roadsOf } from './adapters/osm/load-roads';
import { readRoadsSettings } from './gps-rerouting.config';

/** Reads the roads file, as the service does when it starts, and keeps the graph for it: exits 1 when it is no good. */
loadRoads(roadsOf(readRoadsSettings())).catch((error: unknown) =>
  exitWith(createLogger('gps-rerouting', 'info'), error),
);
