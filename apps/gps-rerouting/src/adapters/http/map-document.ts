import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { MapAnswer, MapSpeedsAnswer } from '@nerveline/contracts';
import { roadClasses, type RoadClass } from '../../domain/graph/road-class';
import { at, type RoadGraph } from '../../domain/graph/road-graph';
import type { Metric } from '../../domain/routing/metric';

/** The map as it goes out. */
export interface MapDocument {
  readonly etag: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
}

/** Documents by the classes asked for: a page asks for the main roads first, then for all. */
const MAX_DOCUMENTS = 8;

/** The road graph as GeoJSON, made once for each selection of classes: it doesn't change while the service runs. */
export class MapDocuments {
  readonly #documents = new Map<string, MapDocument>();

  constructor(private readonly graph: RoadGraph) {}

  of(classes: readonly RoadClass[] = roadClasses): MapDocument {
    const wanted = roadClasses.filter((road_class) => classes.includes(road_class));
    const key = wanted.join(',');
    const known = this.#documents.get(key);
    if (known !== undefined) return known;
    const plain = Buffer.from(JSON.stringify(this.#collect(new Set(wanted))));
    const etag = `"${createHash('sha256').update(`${this.graph.hash} ${key}`).digest('hex').slice(0, 24)}"`;
    const document = { etag, plain, gzip: gzipSync(plain, { level: 6 }) };
    const [oldest] = this.#documents.keys();
    if (this.#documents.size >= MAX_DOCUMENTS && oldest !== undefined) this.#documents.delete(oldest);
    this.#documents.set(key, document);
    return document;
  }

  /** One feature for a street: of its two directions the one with the lower id is drawn. */
  #collect(wanted: ReadonlySet<RoadClass>): MapAnswer {
    const { graph } = this;
    const { south, west, north, east } = graph.bounds;
    const features: MapAnswer['features'] = [];
    for (let edge = 0; edge < graph.edge_count; edge++) {
      const twin = at(graph.arrays.edge_twin, edge);
      const road_class = graph.classOf(edge);
      if ((twin !== -1 && twin < edge) || !wanted.has(road_class)) continue;
      features.push({
        type: 'Feature',
        id: edge,
        properties: { class: road_class, name: graph.nameOf(edge), twin: twin === -1 ? null : twin },
        geometry: { type: 'LineString', coordinates: graph.geometryOf(edge).map(rounded) },
      });
    }
    return { type: 'FeatureCollection', graph: graph.hash, bbox: [west, south, east, north], features };
  }
}

/** To 1e-5 degrees, some 1 m: finer than a screen shows. */
const rounded = ([lon, lat]: [number, number]): [number, number] => [
  Math.round(lon * 1e5) / 1e5,
  Math.round(lat * 1e5) / 1e5,
];

/** Only what differs from free flow: that is little, and changes often. */
export function speedsOf(graph: RoadGraph, metric: Metric): MapSpeedsAnswer {
  const segments: [number, number][] = [];
  metric.speed_factors.forEach((factor, edge) => {
    if (factor !== 1) segments.push([edge, Math.round(factor * 1_000) / 1_000]);
  });
  return { graph: graph.hash, metric_version: metric.version, segments };
}
