import type { MapAnswer } from '@nerveline/contracts';

export type Road = MapAnswer['features'][number];

/** The router's own roads. A road carries one or two segments, one for each direction. */
export class RoadMap {
  readonly #by_segment = new Map<number, Road>();

  constructor(readonly answer: MapAnswer) {
    for (const road of answer.features) {
      this.#by_segment.set(road.id, road);
      if (road.properties.twin !== null) this.#by_segment.set(road.properties.twin, road);
    }
  }

  road(segment_id: number): Road | undefined {
    return this.#by_segment.get(segment_id);
  }

  /** The roads under some segments, each once. */
  roadsOf(segment_ids: readonly number[]): Road[] {
    const roads = new Set<Road>();
    for (const id of segment_ids) {
      const road = this.#by_segment.get(id);
      if (road !== undefined) roads.add(road);
    }
    return [...roads];
  }

  /** All roads that bear a road's name; the road alone when it has none. */
  street(road: Road): Road[] {
    const { name } = road.properties;
    return name === '' ? [road] : this.answer.features.filter((each) => each.properties.name === name);
  }
}

/** The segments of some roads, in both directions where there are two. */
export const segmentsOf = (roads: readonly Road[]): number[] =>
  roads.flatMap(({ id, properties: { twin } }) => (twin === null ? [id] : [id, twin]));

/** What a road is called, also when it has no name. */
export const roadName = ({ properties }: Road): string =>
  properties.name === '' ? `${properties.class.replaceAll('_', ' ')} road` : properties.name;
