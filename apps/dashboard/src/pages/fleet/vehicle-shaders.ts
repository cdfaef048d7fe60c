/** An instance: x and y in CSS pixels from the map's centre, heading in radians, standing, and whether it is chosen. */
export const FLOATS_PER_VEHICLE = 5;
export const CORNERS_PER_VEHICLE = 4;

export const VERTEX_SHADER = `#version 300 es
in vec2 corner;
in vec2 place;
in float heading;
in vec2 kind;
uniform vec2 viewport;
uniform float size;
out vec2 at;
flat out int standing;
flat out int chosen;
void main() {
  standing = int(kind.x);
  chosen = int(kind.y);
  float half_px = chosen == 1 ? size * 1.5 : size;
  at = corner * (chosen == 1 ? 1.5 : 1.0);
  float c = cos(heading), s = sin(heading);
  vec2 turned = standing == 3 ? corner : vec2(c * corner.x + s * corner.y, -s * corner.x + c * corner.y);
  gl_Position = vec4((place + turned * half_px) / viewport * 2.0, 0.0, 1.0);
}`;

/**
 * The shape says what the colour says: an arrow alone is on its way, one in a ring is late, one in a square is off its
 * route, and a hollow dot stands idle.
 */
export const FRAGMENT_SHADER = `#version 300 es
precision highp float;
in vec2 at;
flat in int standing;
flat in int chosen;
uniform vec3 colours[5];
uniform float pixel;
out vec4 colour;

float edge(float distance) { return 1.0 - smoothstep(-pixel, pixel, distance); }

float arrow(vec2 p) {
  p.x = abs(p.x);
  float side = dot(p - vec2(0.0, 0.62), normalize(vec2(0.95, 0.42)));
  float notch = -dot(p - vec2(0.0, -0.22), normalize(vec2(0.35, 0.9)));
  return max(side, notch);
}

float frame(vec2 p) {
  if (standing == 1) return abs(length(p) - 0.82) - 0.09;
  if (standing == 2) return abs(max(abs(p.x), abs(p.y)) - 0.78) - 0.09;
  return 1.0;
}

void main() {
  float shape = standing == 3 ? abs(length(at) - 0.32) - 0.11 : min(arrow(at), frame(at));
  float halo = chosen == 1 ? abs(length(at) - 1.25) - 0.08 : 1.0;
  float inside = edge(shape);
  float ground = edge(shape - 0.13);
  vec3 fill = mix(colours[4], colours[standing], inside);
  float alpha = max(ground, edge(halo));
  if (alpha < 0.01) discard;
  colour = vec4((edge(halo) > ground ? colours[standing] : fill) * alpha, alpha);
}`;
