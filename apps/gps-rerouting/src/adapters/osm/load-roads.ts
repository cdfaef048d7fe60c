import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isNervelineError, NervelineError } from '@nerveline/kernel';
import { syntheticCity } from '../../domain/city/synthetic-city';
import { decodeGraph, encodeGraph } from '../../domain/graph/graph-file';
import type { RoadGraph } from '../../domain/graph/road-graph';
import type { RoadsSettings } from '../../gps-rerouting.config';
import { importOsm } from './import-osm';

/** Counts with every change of the import or of the city: an older cache is built again. */
const BUILDER_VERSION = 1;

export interface RoadsOptions {
  /** An `.osm.pbf`; a made-up city when absent. */
  readonly roads_file: string | undefined;
  readonly seed: number;
  /** Directed segments of the made-up city, about. */
  readonly city_segments: number;
  /** Where a built graph is kept. */
  readonly cache_directory: string;
}

/** What the settings ask for. */
export const roadsOf = (settings: RoadsSettings): RoadsOptions => ({
  roads_file: settings.NERVELINE_ROADS,
  seed: settings.CITY_SEED,
  city_segments: settings.CITY_SEGMENTS,
  cache_directory: join(settings.NERVELINE_DATA_DIR, 'roads'),
});

export interface LoadedRoads {
  readonly graph: RoadGraph;
  /** Where they come from, in words. */
  readonly source: string;
  readonly cached: boolean;
  /** Segments that were left out because nothing leads there or back; unknown when it came from the cache. */
  readonly islands: number | undefined;
}

/**
 * The road graph, from the cache when the same source was built before.
 *
 * @throws NervelineError `NL-FLT-010` or `NL-FLT-011` for a roads file that can't be used, naming it
 */
export async function loadRoads(options: RoadsOptions): Promise<LoadedRoads> {
  const { roads_file } = options;
  const bytes = roads_file === undefined ? undefined : await readRoads(roads_file);
  const source = roads_file ?? `made-up city, seed ${options.seed}`;
  const identity = bytes ?? `city ${options.seed} ${options.city_segments}`;
  const digest = createHash('sha256').update(identity).digest('hex').slice(0, 32);
  const path = join(options.cache_directory, `${digest}.v${BUILDER_VERSION}.nlrg`);
  const cached = await readCached(path);
  if (cached !== undefined) return { graph: cached, source, cached: true, islands: undefined };
  const built =
    bytes === undefined ? syntheticCity(options.seed, options.city_segments) : naming(source, () => importOsm(bytes));
  await mkdir(options.cache_directory, { recursive: true });
  // Written aside and renamed: a crash in between leaves no half file under the name.
  await writeFile(`${path}.${process.pid}`, encodeGraph(built.graph));
  await rename(`${path}.${process.pid}`, path);
  return { graph: built.graph, source, cached: false, islands: built.islands };
}

async function readRoads(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new NervelineError('NL-FLT-010', {
      detail: `the roads file ${path} can't be opened`,
      field: 'NERVELINE_ROADS',
      cause,
    });
  }
}

function naming<T>(path: string, build: () => T): T {
  try {
    return build();
  } catch (cause) {
    if (!isNervelineError(cause)) throw cause;
    throw new NervelineError(cause.code, { detail: `${path}: ${cause.detail}`, field: 'NERVELINE_ROADS', cause });
  }
}

/** A cache that is damaged or of another version is as good as none. */
async function readCached(path: string): Promise<RoadGraph | undefined> {
  try {
    return decodeGraph(await readFile(path));
  } catch {
    return undefined;
  }
}
