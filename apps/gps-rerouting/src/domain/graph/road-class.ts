/** Classes of road for cars, as OpenStreetMap's `highway` names them, the fast ones first. The order is the file's. */
export const roadClasses = [
  'motorway',
  'trunk',
  'primary',
  'secondary',
  'tertiary',
  'residential',
  'living_street',
  'service',
] as const;

export type RoadClass = (typeof roadClasses)[number];

const KMH = 1 / 3.6;

/** Speed on an empty road of the class where no limit is tagged: lights and crossings are in it. */
export const classSpeedMps: Readonly<Record<RoadClass, number>> = {
  motorway: 110 * KMH,
  trunk: 85 * KMH,
  primary: 55 * KMH,
  secondary: 48 * KMH,
  tertiary: 40 * KMH,
  residential: 27 * KMH,
  living_street: 9 * KMH,
  service: 14 * KMH,
};

/** The number of a class in a graph file. */
export const classCode = (road_class: RoadClass): number => roadClasses.indexOf(road_class);

export const classOfCode = (code: number): RoadClass => roadClasses[code] ?? 'service';
