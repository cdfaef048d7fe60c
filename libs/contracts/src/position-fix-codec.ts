import { NervelineError } from '@nerveline/kernel';
import type { PositionFix } from './http/fleet-api';
import type { VehicleId } from './ids';

/**
 * A GPS fix as a fixed record of 24 bytes, little endian; the vehicle is the record's key.
 *
 * | offset | type | field                                                |
 * |--------|------|------------------------------------------------------|
 * | 0      | u8   | format version, 1                                    |
 * | 1      | u8   | flags: 1 speed known, 2 heading known, 4 accuracy known |
 * | 2      | u16  | accuracy, 0.1 m (6553.5 at most)                     |
 * | 4      | i32  | latitude, 1e-7 degrees                               |
 * | 8      | i32  | longitude, 1e-7 degrees                              |
 * | 12     | u16  | speed, 0.01 m/s                                      |
 * | 14     | u16  | heading, 0.01 degrees                                |
 * | 16     | f64  | event time, milliseconds since the epoch             |
 */
export const POSITION_FIX_BYTES = 24;
const FORMAT_VERSION = 1;
const SPEED_KNOWN = 1;
const HEADING_KNOWN = 2;
const ACCURACY_KNOWN = 4;
const DEGREE_UNITS = 1e7;

export function encodePositionFix(fix: Omit<PositionFix, 'vehicle_id'>): Uint8Array {
  const bytes = new Uint8Array(POSITION_FIX_BYTES);
  const view = new DataView(bytes.buffer);
  const known =
    (fix.speed_mps === undefined ? 0 : SPEED_KNOWN) |
    (fix.heading_deg === undefined ? 0 : HEADING_KNOWN) |
    (fix.accuracy_m === undefined ? 0 : ACCURACY_KNOWN);
  view.setUint8(0, FORMAT_VERSION);
  view.setUint8(1, known);
  view.setUint16(2, Math.min(65_535, Math.round((fix.accuracy_m ?? 0) * 10)), true);
  view.setInt32(4, Math.round(fix.lat * DEGREE_UNITS), true);
  view.setInt32(8, Math.round(fix.lon * DEGREE_UNITS), true);
  view.setUint16(12, Math.min(65_535, Math.round((fix.speed_mps ?? 0) * 100)), true);
  view.setUint16(14, Math.round((fix.heading_deg ?? 0) * 100), true);
  view.setFloat64(16, fix.event_ms, true);
  return bytes;
}

/** @throws NervelineError `NL-LOG-006` for a newer format, `NL-LOG-011` for a record of another size */
export function decodePositionFix(vehicle_id: VehicleId, bytes: Uint8Array): PositionFix {
  if (bytes.byteLength !== POSITION_FIX_BYTES) {
    throw new NervelineError('NL-LOG-011', { detail: `a position fix has 24 bytes, not ${bytes.byteLength}` });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) !== FORMAT_VERSION) {
    throw new NervelineError('NL-LOG-006', { detail: `position fix of format ${view.getUint8(0)}` });
  }
  const known = view.getUint8(1);
  return {
    vehicle_id,
    lat: view.getInt32(4, true) / DEGREE_UNITS,
    lon: view.getInt32(8, true) / DEGREE_UNITS,
    event_ms: view.getFloat64(16, true),
    ...((known & SPEED_KNOWN) !== 0 && { speed_mps: view.getUint16(12, true) / 100 }),
    ...((known & HEADING_KNOWN) !== 0 && { heading_deg: view.getUint16(14, true) / 100 }),
    ...((known & ACCURACY_KNOWN) !== 0 && { accuracy_m: view.getUint16(2, true) / 10 }),
  };
}
