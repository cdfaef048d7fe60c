import type { Map as MapLibreMap } from 'maplibre-gl';
import { glideAt } from '../../model/glide';
import type { FleetStore } from '../../model/fleet-store';
import { standingOf, STANDINGS } from '../../model/vehicle-standing';
import type { Colour } from './map-style';
import type { Rgb, VehicleCanvas } from './vehicle-canvas';

const TILE_PX = 512;
const DEGREES = 360;
const REACH_PX = 14;
/** Half of an arrow's box: it grows by a pixel with each step of zoom, and stays readable on both ends. */
const SMALLEST_PX = 8;
const LARGEST_PX = 12;
const ZOOM_LESS = 2;
/** Gliding needs no more: a vehicle moves a pixel or two between frames. */
const DRAW_EVERY_MS = 32;

/** Web Mercator, from 0 to 1 over the world. */
const mercatorX = (lon: number): number => (lon + DEGREES / 2) / DEGREES;
const mercatorY = (lat: number): number => {
  const sine = Math.sin((lat * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
};

const rgb = (hex: string): Rgb => {
  const value = Number.parseInt(hex.trim().slice(1), 16);
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
};

/**
 * Puts the vehicles on the map. The map neither turns nor tilts, so a place on the screen is the distance from the
 * centre in doubles times the scale: exact at street level, where a matrix of floats would tremble.
 */
export class VehicleScene {
  readonly #placed: { id: string; x_px: number; y_px: number }[] = [];
  #running = true;
  #drawn_ms = 0;
  #chosen: string | null = null;

  constructor(
    private readonly map: MapLibreMap,
    private readonly canvas: VehicleCanvas,
    private readonly fleet: FleetStore,
  ) {
    // While the map moves the vehicles move with it in the same frame.
    map.on('move', this.#redraw);
    requestAnimationFrame(this.#tick);
  }

  paint(colour: Colour): void {
    this.canvas.paint([colour('good'), colour('watch'), colour('bad'), colour('unknown'), colour('ground')].map(rgb));
    this.#redraw();
  }

  choose(id: string | null): void {
    this.#chosen = id;
    this.#redraw();
  }

  /** The vehicle under a point of the map's box. */
  at(x: number, y: number): string | null {
    const { clientWidth, clientHeight } = this.map.getContainer();
    let nearest: string | null = null;
    let reach = REACH_PX;
    for (const { id, x_px, y_px } of this.#placed) {
      const distance = Math.hypot(x_px - x + clientWidth / 2, y_px - y + clientHeight / 2);
      if (distance < reach) [nearest, reach] = [id, distance];
    }
    return nearest;
  }

  dispose(): void {
    this.#running = false;
    this.map.off('move', this.#redraw);
    this.canvas.dispose();
  }

  readonly #tick = (now_ms: number): void => {
    if (!this.#running) return;
    requestAnimationFrame(this.#tick);
    if (now_ms - this.#drawn_ms >= DRAW_EVERY_MS) this.#redraw();
  };

  readonly #redraw = (): void => {
    if (!this.#running) return;
    const now_ms = performance.now();
    this.#drawn_ms = now_ms;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const centre = this.map.getCenter();
    const scale_px = TILE_PX * 2 ** this.map.getZoom();
    const centre_x = mercatorX(centre.lng);
    const centre_y = mercatorY(centre.lat);
    this.canvas.clear();
    this.#placed.length = 0;
    for (const { id, state, glide } of this.fleet.vehicles.values()) {
      const { lon, lat } = glideAt(glide, still ? Infinity : now_ms);
      const x_px = (mercatorX(lon) - centre_x) * scale_px;
      const y_px = (mercatorY(lat) - centre_y) * scale_px;
      this.#placed.push({ id, x_px, y_px });
      const standing = STANDINGS.indexOf(standingOf(state));
      this.canvas.add({ x_px, y_px, heading_deg: state.heading_deg, standing, chosen: id === this.#chosen });
    }
    this.canvas.draw(Math.min(LARGEST_PX, Math.max(SMALLEST_PX, this.map.getZoom() - ZOOM_LESS)));
  };
}
