import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { mapAnswer, type MapAnswer, type MapSpeedsAnswer } from '@nerveline/contracts';
import { isNervelineError } from '@nerveline/kernel';
import { createTempDirectory, describeWithData } from '@nerveline/testing';
import { importOsm } from '../../apps/gps-rerouting/src/adapters/osm/import-osm';
import { loadRoads } from '../../apps/gps-rerouting/src/adapters/osm/load-roads';
import { TurfRoadCutter } from '../../apps/gps-rerouting/src/adapters/traffic/cut-roads';
import { syntheticCity } from '../../apps/gps-rerouting/src/domain/city/synthetic-city';
import { at } from '../../apps/gps-rerouting/src/domain/graph/road-graph';
import { SnapIndex } from '../../apps/gps-rerouting/src/domain/routing/snap-index';
import { surroundingsOf } from '../../apps/gps-rerouting/src/gps-rerouting.module';
import { openFleet } from './fleet-context';

describe('the map', () => {
  it('goes out packed, by class, and not again to a page that has it; speeds only where they differ', async () => {
    await using fleet = await openFleet();
    const { body, headers } = await fleet.get<MapAnswer>('/v1/map');
    expect(mapAnswer.safeParse(body).error).toBeUndefined();
    expect(body.features.length).toBeGreaterThan(1_500);
    const again = await fetch(`${fleet.service.address}/v1/map`, {
      headers: { authorization: `Bearer ${await fleet.keys.token()}`, 'if-none-match': headers.get('etag') ?? '' },
    });
    expect(again.status).toBe(304);
    const rings = await fleet.get<MapAnswer>('/v1/map?classes=trunk,primary');
    expect(new Set(rings.body.features.map(({ properties }) => properties.class))).toEqual(
      new Set(['trunk', 'primary']),
    );
    expect((await fleet.get('/v1/map?classes=canal')).status).toBe(400);

    const street = body.features.find(({ properties }) => properties.twin !== null);
    const where = { kind: 'segments', segment_ids: [street?.id] };
    const closure = {
      kind: 'closure',
      where,
      idempotency_key: 'k',
      incident_id: 'C',
      reason: 'works',
      ends_at_ms: null,
    };
    await fleet.traffic(closure);
    const speeds = await fleet.get<MapSpeedsAnswer>('/v1/map/speeds');
    expect(speeds.body).toEqual({ graph: body.graph, metric_version: 1, segments: [[street?.id, 0]] });
  });
});

describe('cutting incidents against the roads', () => {
  const { graph } = syntheticCity(3, 4_000);
  const cutter = new TurfRoadCutter({ graph, snap: new SnapIndex(graph) });

  it('takes every segment that a circle touches and none that it does not', () => {
    const { plane } = graph;
    const centre = { lat: 49.482, lon: 8.441 };
    const cut = new Set(cutter.segmentsOf({ kind: 'circle', centre, radius_m: 300 }));
    expect(cut.size).toBeGreaterThan(20);
    for (let edge = 0; edge < graph.edge_count; edge++) {
      const distances = graph
        .geometryOf(edge)
        .map(([lon, lat]) => Math.hypot(plane.x(lon) - plane.x(centre.lon), plane.y(lat) - plane.y(centre.lat)));
      // A circle of 48 corners lies up to a metre inside the true one.
      if (Math.min(...distances) < 298) expect(cut).toContain(edge);
      if (Math.min(...distances) > 302 + graph.lengthOf(edge)) expect(cut).not.toContain(edge);
    }
  });

  it('takes the road that a line runs along, both ways, and not those that cross it', () => {
    const road = [...Array(graph.edge_count).keys()].find(
      (edge) => graph.nameOf(edge) === 'Ring East' && graph.lengthOf(edge) > 60,
    );
    const edge = road ?? -1;
    const points = graph.geometryOf(edge).map(([lon, lat]) => ({ lat, lon }));
    const cut = cutter.segmentsOf({ kind: 'line', points, width_m: 20 });
    expect([...cut].sort((a, b) => a - b)).toEqual([edge, at(graph.arrays.edge_twin, edge)].sort((a, b) => a - b));
  });
});

describe.each(['heidelberg', 'monaco'])('the roads of %s', (city) => {
  describeWithData(`roads/${city}.osm.pbf`, 'as OpenStreetMap has them', (path) => {
    it('are a connected network with names, one-way streets and routes, and are kept for the next start', async () => {
      await using directory = await createTempDirectory();
      const options = { roads_file: path, seed: 1, city_segments: 1, cache_directory: directory.path };
      const { graph, cached, islands } = await loadRoads(options);
      expect(cached).toBe(false);
      expect(islands).toBeGreaterThan(0);
      expect(graph.edge_count).toBeGreaterThan(3_000);
      const one_way = graph.arrays.edge_twin.filter((twin) => twin === -1).length;
      expect(one_way / graph.edge_count).toBeGreaterThan(0.05);
      const { engine } = surroundingsOf(graph);
      for (let n = 0; n < 40; n++) {
        const from = [{ edge: (n * 7_919) % graph.edge_count, fraction: 0.5 }];
        const to = [{ edge: (n * 104_729 + 17) % graph.edge_count, fraction: 0.5 }];
        expect(engine.route({ from, to, weights_ms: graph.arrays.edge_free_ms })).toBeDefined();
      }
      const again = await loadRoads(options);
      expect(again).toMatchObject({ cached: true });
      expect(again.graph.hash).toBe(graph.hash);

      const [cache = ''] = await readdir(directory.path);
      await writeFile(join(directory.path, cache), 'damaged');
      expect(await loadRoads(options)).toMatchObject({ cached: false });
    });

    it('that are cut off or damaged are refused with a code', async () => {
      const bytes = await readFile(path);
      const codeOf = (damaged: Uint8Array): string => {
        try {
          importOsm(damaged);
          return 'read';
        } catch (error) {
          return isNervelineError(error) ? error.code : String(error);
        }
      };
      for (const share of [0.001, 0.2, 0.5, 0.9, 0.999]) {
        expect(codeOf(bytes.subarray(0, Math.floor(bytes.length * share)))).toBe('NL-FLT-010');
      }
      const flipped = Uint8Array.from(bytes);
      flipped.fill(0x55, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 64);
      expect(codeOf(flipped)).toBe('NL-FLT-010');
    });
  });
});

it('a page gets the map as gzip when it takes it', async () => {
  await using fleet = await openFleet();
  const { request } = await import('undici');
  const { body, headers } = await request(`${fleet.service.address}/v1/map`, {
    headers: { authorization: `Bearer ${await fleet.keys.token()}`, 'accept-encoding': 'gzip' },
  });
  expect(headers['content-encoding']).toBe('gzip');
  const packed = Buffer.from(await body.arrayBuffer());
  const plain = gunzipSync(packed);
  expect(plain.length).toBeGreaterThan(packed.length * 3);
  expect(mapAnswer.safeParse(JSON.parse(plain.toString())).success).toBe(true);
});
