const FIRST = [
  'Linden', 'Mill', 'Chapel', 'Garden', 'Harbour', 'Castle', 'Orchard', 'Weaver', 'Baker', 'Copper', 'Heron', 'Juniper',
  'Maple', 'Poplar', 'Quarry', 'Rosen', 'Saddler', 'Tanner', 'Vine', 'Walnut', 'Abbey', 'Birch', 'Cooper', 'Dyer',
  'Elder', 'Falcon', 'Glazier', 'Hazel', 'Ivy', 'Kestrel', 'Lark', 'Mason', 'Otter', 'Plum', 'Raven', 'Swan', 'Thistle',
  'Willow', 'Amber', 'Beacon', 'Cedar', 'Drover', 'Ferry', 'Granary', 'Hop', 'Iron', 'Kiln', 'Lantern', 'Meadow', 'Nettle',
]; // prettier-ignore

const SECOND = ['Street', 'Lane', 'Road', 'Row', 'Way', 'Close', 'Rise', 'Walk'] as const;

/** Names of streets, each given once: "Linden Street". When the pairs run out, they are numbered. */
export function streetNames(random: () => number): () => string {
  const pairs = SECOND.flatMap((second) => FIRST.map((first) => `${first} ${second}`));
  for (let index = pairs.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [pairs[index], pairs[other]] = [pairs[other] ?? '', pairs[index] ?? ''];
  }
  let given = 0;
  return () => {
    const round = Math.floor(given / pairs.length);
    const name = pairs[given++ % pairs.length] ?? '';
    return round === 0 ? name : `${name} ${round + 1}`;
  };
}

/** The part of a ring or arterial by where it lies from the centre: "Ring East". */
export function sectorName(road: string, x_m: number, y_m: number): string {
  const degrees = (Math.atan2(x_m, y_m) * 180) / Math.PI;
  const sectors = ['North', 'East', 'South', 'West'];
  return `${road} ${sectors[Math.floor((degrees + 405) / 90) % 4] ?? 'North'}`;
}
