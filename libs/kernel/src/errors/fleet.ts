import type { ErrorEntry } from './catalogue';

export const fleetErrors = {
  'NL-FLT-001': {
    retriable: false,
    http_status: 400,
    meaning: 'An event time is further in the future than the event clock allows.',
    action: "Mend the sender's clock, or declare the source's time in platform.event_clock.",
  },
  'NL-FLT-002': {
    retriable: false,
    http_status: 400,
    meaning: 'An event time is further in the past than positions are kept.',
    action: 'Drop the fix, or declare the time of a recorded source in platform.event_clock.',
  },
  'NL-FLT-003': {
    retriable: false,
    http_status: 400,
    meaning: 'Coordinates lie off the map that the service routes on.',
    action: 'Check the order of lat and lon, or start the service with the roads of that area.',
  },
  'NL-FLT-004': {
    retriable: false,
    http_status: 422,
    meaning: 'No road is near enough to the coordinates.',
    action: 'Give coordinates on or beside a road for cars.',
  },
  'NL-FLT-005': {
    retriable: false,
    http_status: 422,
    meaning: 'No route leads there: closures cut every way.',
    action: 'Wait until a closure ends, lift one, or choose another stop. The vehicle keeps its plan.',
  },
  'NL-FLT-006': {
    retriable: false,
    http_status: 400,
    meaning: 'A segment id is not one of the road graph in use.',
    action: 'Take ids from GET /v1/map; they change when the roads file changes.',
  },
  'NL-FLT-007': {
    retriable: false,
    http_status: 404,
    meaning: 'There is no such proposal.',
    action: 'Take the id from a decision with the outcome proposed.',
  },
  'NL-FLT-008': {
    retriable: false,
    http_status: 409,
    meaning: 'The proposal is closed: it was answered otherwise, ran out, or its turn was passed.',
    action: 'Nothing to do: the vehicle keeps its present plan.',
  },
  'NL-FLT-009': {
    retriable: false,
    http_status: 422,
    meaning: 'There is nothing to plan from: the vehicle has no position, or no open order.',
    action: 'Send from and to, or a position and an order of the vehicle first.',
  },
  'NL-FLT-010': {
    retriable: false,
    meaning: 'The roads file cannot be read as .osm.pbf.',
    action: 'Check the path, and fetch the file again: it is truncated, damaged or of another format.',
  },
  'NL-FLT-011': {
    retriable: false,
    meaning: 'The roads file holds no connected roads for cars.',
    action: 'Use an extract that was not filtered down to other features.',
  },
  'NL-FLT-012': {
    retriable: false,
    meaning: 'A stored road graph is damaged or of a newer format.',
    action: 'Start the newer version, or delete the file: it is built again from the roads.',
  },
  'NL-FLT-013': {
    retriable: false,
    http_status: 422,
    meaning: 'The incident covers no road.',
    action: 'Move or widen its circle or line.',
  },
  'NL-FLT-014': {
    retriable: false,
    http_status: 404,
    meaning: 'There is no such incident to clear.',
    action: 'Take the id from the traffic stream; it may have ended by itself.',
  },
  'NL-FLT-015': {
    retriable: false,
    http_status: 404,
    meaning: 'There is no such vehicle: fleet.vehicles has no row of it, or had one that was deleted.',
    action: 'Insert the vehicle into fleet.vehicles; change capture makes it known. Or stop its receiver.',
  },
  'NL-FLT-016': {
    retriable: false,
    http_status: 403,
    meaning: 'A driver answers for a vehicle that another one drives.',
    action: 'Answer the proposals of the own vehicle; fleet.vehicles says who drives which.',
  },
  'NL-FLT-017': {
    retriable: false,
    http_status: 400,
    meaning: 'An incident ends before now by the event clock, or later than an incident may last.',
    action: 'Send the end as epoch milliseconds within a year, or null when nobody knows it.',
  },
} satisfies Record<string, ErrorEntry>;
