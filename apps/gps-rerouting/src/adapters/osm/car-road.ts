import { classSpeedMps, type RoadClass } from '../../domain/graph/road-class';

const KMH = 1 / 3.6;
const MPH = 1.609_344 * KMH;
/** Free flow on a road with a tagged limit: bends, crossings and lights take this share of it. */
const SHARE_OF_LIMIT = 0.85;
const MAX_SPEED_MPS = 130 * KMH;

/** What OpenStreetMap's `highway` values mean for a car; what isn't here is no road for it. */
const classOfHighway: Readonly<Record<string, RoadClass>> = {
  motorway: 'motorway',
  motorway_link: 'motorway',
  trunk: 'trunk',
  trunk_link: 'trunk',
  primary: 'primary',
  primary_link: 'primary',
  secondary: 'secondary',
  secondary_link: 'secondary',
  tertiary: 'tertiary',
  tertiary_link: 'tertiary',
  unclassified: 'tertiary',
  residential: 'residential',
  road: 'residential',
  living_street: 'living_street',
  service: 'service',
};

const CLOSED_ACCESS = new Set([
  'no',
  'private',
  'agricultural',
  'forestry',
  'military',
  'emergency',
  'psv',
  'bus',
  'permit',
]);
/** The most special one that is tagged counts. */
const ACCESS_KEYS = ['motorcar', 'motor_vehicle', 'vehicle', 'access'];
const CLOSED_SERVICE = new Set(['parking_aisle', 'driveway', 'emergency_access', 'drive-through']);

/** Limits that are named instead of numbered. */
const NAMED_LIMIT_KMH: Readonly<Record<string, number>> = {
  walk: 7,
  none: 130,
  urban: 50,
  rural: 90,
  motorway: 130,
  living_street: 7,
};

/** A way as a road for cars. */
export interface CarRoad {
  readonly road_class: RoadClass;
  readonly name: string;
  readonly speed_mps: number;
  /** `backward` is one-way against the order of its points. */
  readonly direction: 'both' | 'forward' | 'backward';
}

/** Undefined when no car may drive there. */
export function carRoad(tags: ReadonlyMap<string, string>): CarRoad | undefined {
  const highway = tags.get('highway') ?? '';
  const road_class = classOfHighway[highway];
  if (road_class === undefined || tags.get('area') === 'yes') return undefined;
  const access = ACCESS_KEYS.map((key) => tags.get(key)).find((value) => value !== undefined);
  if (access !== undefined && CLOSED_ACCESS.has(access)) return undefined;
  if (CLOSED_SERVICE.has(tags.get('service') ?? '')) return undefined;
  return {
    road_class,
    name: tags.get('name') ?? tags.get('ref') ?? '',
    speed_mps: speedOf(tags.get('maxspeed'), road_class),
    direction: directionOf(tags, highway),
  };
}

function speedOf(maxspeed: string | undefined, road_class: RoadClass): number {
  const limit_mps = maxspeed === undefined ? undefined : limitOf(maxspeed);
  return limit_mps === undefined ? classSpeedMps[road_class] : Math.min(MAX_SPEED_MPS, limit_mps * SHARE_OF_LIMIT);
}

/** `50`, `30 mph`, `DE:urban`, `none`; undefined for what can't be read. */
function limitOf(maxspeed: string): number | undefined {
  const match = /^(\d{1,3})(?:\s*(mph|km\/h|kmh))?$/.exec(maxspeed.trim());
  if (match !== null) {
    const value = Number(match[1]);
    return value === 0 ? undefined : value * (match[2] === 'mph' ? MPH : KMH);
  }
  const named = NAMED_LIMIT_KMH[maxspeed.split(':').at(-1) ?? ''];
  return named === undefined ? undefined : named * KMH;
}

function directionOf(tags: ReadonlyMap<string, string>, highway: string): CarRoad['direction'] {
  const oneway = tags.get('oneway');
  if (oneway === '-1' || oneway === 'reverse') return 'backward';
  if (oneway === 'no' || oneway === 'false' || oneway === '0') return 'both';
  const implied = highway === 'motorway' || ['roundabout', 'circular'].includes(tags.get('junction') ?? '');
  return implied || oneway === 'yes' || oneway === 'true' || oneway === '1' ? 'forward' : 'both';
}
