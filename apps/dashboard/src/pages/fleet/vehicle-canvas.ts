import { CORNERS_PER_VEHICLE, FLOATS_PER_VEHICLE, FRAGMENT_SHADER, VERTEX_SHADER } from './vehicle-shaders';

const CORNERS = new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]);

/** A vehicle as it is drawn. */
export interface DrawnVehicle {
  readonly x_px: number;
  readonly y_px: number;
  readonly heading_deg: number;
  /** Index into the standings: on route, late, off route, idle. */
  readonly standing: number;
  readonly chosen: boolean;
}

export type Rgb = readonly [number, number, number];

/**
 * All vehicles in one draw call, on a canvas of its own above the map: while they glide the roads below aren't drawn
 * again. 10,000 cost a buffer of 200 kB a frame.
 */
export class VehicleCanvas {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #instances: WebGLBuffer;
  #data = new Float32Array(FLOATS_PER_VEHICLE * 256);
  #count = 0;

  /** Null where the browser gives no context. */
  static on(canvas: HTMLCanvasElement): VehicleCanvas | null {
    const gl = canvas.getContext('webgl2', { premultipliedAlpha: true, antialias: false });
    return gl === null ? null : new VehicleCanvas(canvas, gl);
  }

  private constructor(
    private readonly canvas: HTMLCanvasElement,
    gl: WebGL2RenderingContext,
  ) {
    this.#gl = gl;
    this.#program = link(gl);
    this.#instances = gl.createBuffer();
    this.#bindCorners();
    this.#bindInstances();
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  /** Colours of the four standings and of the ground behind an arrow, from 0 to 1. */
  paint(colours: readonly Rgb[]): void {
    const gl = this.#gl;
    gl.useProgram(this.#program);
    gl.uniform3fv(gl.getUniformLocation(this.#program, 'colours'), colours.flat());
  }

  clear(): void {
    this.#count = 0;
  }

  add({ x_px, y_px, heading_deg, standing, chosen }: DrawnVehicle): void {
    const at = this.#count * FLOATS_PER_VEHICLE;
    if (at + FLOATS_PER_VEHICLE > this.#data.length) {
      const grown = new Float32Array(this.#data.length * 2);
      grown.set(this.#data);
      this.#data = grown;
    }
    this.#data[at] = x_px;
    this.#data[at + 1] = -y_px;
    this.#data[at + 2] = (heading_deg * Math.PI) / 180;
    this.#data[at + 3] = standing;
    this.#data[at + 4] = chosen ? 1 : 0;
    this.#count += 1;
  }

  /** `size_px` is half of an arrow's box. */
  draw(size_px: number): void {
    const gl = this.#gl;
    const ratio = window.devicePixelRatio;
    const { clientWidth, clientHeight } = this.canvas;
    const width = Math.round(clientWidth * ratio);
    const height = Math.round(clientHeight * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (this.#count === 0) return;
    gl.useProgram(this.#program);
    gl.uniform2f(gl.getUniformLocation(this.#program, 'viewport'), clientWidth, clientHeight);
    gl.uniform1f(gl.getUniformLocation(this.#program, 'size'), size_px);
    gl.uniform1f(gl.getUniformLocation(this.#program, 'pixel'), 0.7 / (size_px * ratio));
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#instances);
    gl.bufferData(gl.ARRAY_BUFFER, this.#data.subarray(0, this.#count * FLOATS_PER_VEHICLE), gl.DYNAMIC_DRAW);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, CORNERS_PER_VEHICLE, this.#count);
  }

  dispose(): void {
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  #bindCorners(): void {
    const gl = this.#gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, CORNERS, gl.STATIC_DRAW);
    const corner = gl.getAttribLocation(this.#program, 'corner');
    gl.enableVertexAttribArray(corner);
    gl.vertexAttribPointer(corner, 2, gl.FLOAT, false, 0, 0);
  }

  #bindInstances(): void {
    const gl = this.#gl;
    const stride = FLOATS_PER_VEHICLE * 4;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#instances);
    for (const [name, floats, offset] of [
      ['place', 2, 0],
      ['heading', 1, 8],
      ['kind', 2, 12],
    ] as const) {
      const location = gl.getAttribLocation(this.#program, name);
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, floats, gl.FLOAT, false, stride, offset);
      gl.vertexAttribDivisor(location, 1);
    }
  }
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX_SHADER],
    [gl.FRAGMENT_SHADER, FRAGMENT_SHADER],
  ] as const) {
    const shader = gl.createShader(type);
    if (shader === null) throw new Error('The browser has lost its drawing context.');
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true) {
    throw new Error(`The vehicles can't be drawn: ${gl.getProgramInfoLog(program) ?? 'no reason given'}`);
  }
  return program;
}
