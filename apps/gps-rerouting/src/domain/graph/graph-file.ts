import { NervelineError } from '@nerveline/kernel';
import { hashOf } from './graph-hash';
import { RoadGraph, roadArrayNames, type RoadArrayName, type RoadArrays } from './road-graph';

/**
 * A road graph as one file, little endian:
 *
 *     'NLRG' | u32 format version | u32 bytes of the JSON head | head | padding to 8 | sections, each padded to 8
 *
 * The head holds the hash, the street names and the sections' names and lengths in bytes, in their order.
 */
const MAGIC = 0x4752_4c4e;
const FORMAT_VERSION = 1;
const PREFIX_BYTES = 12;

interface Head {
  readonly hash: string;
  readonly names: readonly string[];
  readonly sections: Readonly<Record<RoadArrayName, number>>;
}

const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;

export function encodeGraph(graph: RoadGraph): Uint8Array {
  const sections = Object.fromEntries(roadArrayNames.map((name) => [name, graph.arrays[name].byteLength]));
  const head = new TextEncoder().encode(JSON.stringify({ hash: graph.hash, names: graph.names, sections }));
  const start = padded(PREFIX_BYTES + head.byteLength);
  const size = roadArrayNames.reduce((sum, name) => sum + padded(graph.arrays[name].byteLength), start);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, FORMAT_VERSION, true);
  view.setUint32(8, head.byteLength, true);
  bytes.set(head, PREFIX_BYTES);
  let offset = start;
  for (const name of roadArrayNames) {
    const { buffer, byteOffset, byteLength } = graph.arrays[name];
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), offset);
    offset += padded(byteLength);
  }
  return bytes;
}

/** @throws NervelineError `NL-FLT-012` for a file that is damaged, cut off, of another kind or of a newer format */
export function decodeGraph(bytes: Uint8Array): RoadGraph {
  if (bytes.byteLength < PREFIX_BYTES) throw damaged('it is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw damaged('it is no road graph');
  const version = view.getUint32(4, true);
  if (version !== FORMAT_VERSION) throw damaged(`its format is ${version}, and this version reads ${FORMAT_VERSION}`);
  const head_bytes = view.getUint32(8, true);
  const head = parseHead(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + head_bytes));
  const arrays = readSections(bytes, padded(PREFIX_BYTES + head_bytes), head);
  if (hashOf(arrays, head.names) !== head.hash) throw damaged('its content does not match its hash');
  return new RoadGraph(arrays, head.names, head.hash);
}

function readSections(bytes: Uint8Array, start: number, head: Head): RoadArrays {
  let offset = start;
  const section = <T>(name: RoadArrayName, type: { new (buffer: ArrayBuffer): T; BYTES_PER_ELEMENT: number }): T => {
    const length = head.sections[name];
    if (length % type.BYTES_PER_ELEMENT !== 0) throw damaged(`its section ${name} is uneven`);
    if (length < 0 || offset + length > bytes.byteLength) throw damaged('it is cut off');
    // A copy of its own: aligned, whatever the offset of the bytes in a pooled buffer.
    const buffer = new ArrayBuffer(length);
    new Uint8Array(buffer).set(bytes.subarray(offset, offset + length));
    offset += padded(length);
    return new type(buffer);
  };
  return {
    node_lat_e7: section('node_lat_e7', Int32Array),
    node_lon_e7: section('node_lon_e7', Int32Array),
    first_out: section('first_out', Uint32Array),
    edge_tail: section('edge_tail', Uint32Array),
    edge_head: section('edge_head', Uint32Array),
    edge_twin: section('edge_twin', Int32Array),
    edge_length_m: section('edge_length_m', Float32Array),
    edge_free_ms: section('edge_free_ms', Uint32Array),
    edge_class: section('edge_class', Uint8Array),
    edge_name: section('edge_name', Uint32Array),
    shape_first: section('shape_first', Uint32Array),
    shape_lat_e7: section('shape_lat_e7', Int32Array),
    shape_lon_e7: section('shape_lon_e7', Int32Array),
    first_in: section('first_in', Uint32Array),
    in_edge: section('in_edge', Uint32Array),
  };
}

function parseHead(bytes: Uint8Array): Head {
  try {
    const head = JSON.parse(new TextDecoder().decode(bytes)) as Head;
    if (roadArrayNames.every((name) => Number.isSafeInteger(head.sections[name]))) return head;
  } catch (cause) {
    throw damaged('its head is no JSON', cause);
  }
  throw damaged('its head lacks a section');
}

function damaged(what: string, cause?: unknown): NervelineError {
  return new NervelineError('NL-FLT-012', { detail: `The stored road graph can't be used: ${what}.`, cause });
}
