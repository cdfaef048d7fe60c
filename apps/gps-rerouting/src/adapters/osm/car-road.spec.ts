import { carRoad } from './car-road';

const road = (tags: Record<string, string>) => carRoad(new Map(Object.entries(tags)));
const KMH = 1 / 3.6;

describe('carRoad', () => {
  it.each([
    [{ highway: 'footway' }],
    [{ highway: 'track' }],
    [{ building: 'yes' }],
    [{ highway: 'residential', access: 'private' }],
    [{ highway: 'residential', motor_vehicle: 'no' }],
    [{ highway: 'service', service: 'driveway' }],
    [{ highway: 'pedestrian', area: 'yes' }],
  ])('keeps cars off %j', (tags) => expect(road(tags)).toBeUndefined());

  it('lets the most special access tag count', () => {
    expect(road({ highway: 'residential', access: 'no', motorcar: 'yes' })).toBeDefined();
    expect(road({ highway: 'residential', access: 'yes', motor_vehicle: 'no' })).toBeUndefined();
  });

  it.each([
    [{ highway: 'residential' }, 'both'],
    [{ highway: 'residential', oneway: 'yes' }, 'forward'],
    [{ highway: 'residential', oneway: '-1' }, 'backward'],
    [{ highway: 'motorway' }, 'forward'],
    [{ highway: 'motorway', oneway: 'no' }, 'both'],
    [{ highway: 'tertiary', junction: 'roundabout' }, 'forward'],
  ])('%j goes %s', (tags, direction) => expect(road(tags)?.direction).toBe(direction));

  it.each([
    ['50', 50 * 0.85 * KMH],
    ['30 mph', 30 * 1.609344 * 0.85 * KMH],
    ['DE:urban', 50 * 0.85 * KMH],
    ['none', 130 * 0.85 * KMH],
    ['fast', 27 * KMH],
    ['0', 27 * KMH],
    ['999', 130 * KMH],
  ])('reads maxspeed %s', (maxspeed, speed_mps) => {
    expect(road({ highway: 'residential', maxspeed })?.speed_mps).toBeCloseTo(speed_mps);
  });
});
