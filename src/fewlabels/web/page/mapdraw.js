// The points on a canvas: by WebGL2, or where there is none, a part of them by hand.

import { LABELLED, SELECTED } from "./maplogic.js";

const VERTEX = `#version 300 es
in vec2 place;
in uint shade;
uniform vec4 view;
uniform float size;
uniform float dim;
uniform vec3 palette[32];
flat out vec4 colour;
flat out float edge;
void main() {
  bool labelled = (shade & ${LABELLED}u) != 0u;
  bool selected = (shade & ${SELECTED}u) != 0u;
  uint number = shade & 63u;
  gl_Position = vec4((place - view.xy) * view.zw, labelled ? -0.5 : selected ? -0.2 : number == 0u ? 0.2 : 0.0, 1.0);
  float wide = labelled ? max(1.5 * size, size + 5.0) : size;
  gl_PointSize = wide;
  edge = labelled ? 1.0 - 2.5 / wide : wide > 2.5 ? 2.0 : 9.0;
  colour = vec4(palette[number], selected || dim == 0.0 ? 1.0 : dim);
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
flat in vec4 colour;
flat in float edge;
uniform vec3 paper;
uniform vec3 ink;
out vec4 drawn;
void main() {
  float far = length(gl_PointCoord * 2.0 - 1.0);
  if (far > 1.0 && edge < 9.0) discard;
  drawn = vec4(far > edge ? ink : mix(paper, colour.rgb, colour.a), 1.0);
}`;

/** The parts of #rgb or #rrggbb, from 0 to 1. */
export function rgb(hex) {
  const digits = hex.length === 4 ? hex.replace(/[^#]/g, "$&$&") : hex;
  return [1, 3, 5].map((at) => Number.parseInt(digits.slice(at, at + 2), 16) / 255);
}

/** A renderer for the canvas: WebGL2's, or the plain one. */
export function renderer(canvas) {
  const gl = canvas.getContext("webgl2", { antialias: false, alpha: false });
  return gl ? new Shaded(gl) : new Plain(canvas.getContext("2d", { alpha: false }));
}

class Shaded {
  most = 1_000_000;

  constructor(gl) {
    this.gl = gl;
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.bindAttribLocation(program, 0, "place");
    gl.bindAttribLocation(program, 1, "shade");
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
      throw new Error(gl.getProgramInfoLog(program));
    gl.useProgram(program);
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    this.at = (name) => gl.getUniformLocation(program, name);
    [this.places, this.shades, this.chosen] = [0, 1, 2].map(() => gl.createBuffer());
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.chosen);
  }

  points(positions) {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.places);
    gl.bufferData(gl.ARRAY_BUFFER, positions, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
  }

  shade(shades) {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.shades);
    gl.bufferData(gl.ARRAY_BUFFER, shades, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(1);
    gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_BYTE, 0, 0);
  }

  choose(points) {
    this.n = points.length;
    this.gl.bufferData(this.gl.ELEMENT_ARRAY_BUFFER, points, this.gl.DYNAMIC_DRAW);
  }

  draw(view, { size, dim, palette, paper, ink, ratio }) {
    const { gl } = this;
    gl.viewport(0, 0, gl.canvas.width, gl.canvas.height);
    gl.clearColor(...paper, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniform4f(this.at("view"), view.x, view.y, (2 * view.scale) / view.width, (2 * view.scale) / view.height);
    gl.uniform1f(this.at("size"), size * ratio);
    gl.uniform1f(this.at("dim"), dim);
    gl.uniform3fv(this.at("palette"), palette.flat());
    gl.uniform3f(this.at("paper"), ...paper);
    gl.uniform3f(this.at("ink"), ...ink);
    if (this.n) gl.drawElements(gl.POINTS, this.n, gl.UNSIGNED_INT, 0);
  }

  destroy() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

class Plain {
  most = 60_000;

  constructor(context) {
    this.context = context;
  }

  points(positions) {
    this.positions = positions;
  }

  shade(shades) {
    this.shades = shades;
  }

  choose(points) {
    const rank = (i) => (this.shades[i] & LABELLED ? 2 : this.shades[i] & 63 ? 1 : 0);
    this.chosen = Array.from(points).sort((a, b) => rank(a) - rank(b) || this.shades[a] - this.shades[b]);
  }

  draw(view, { size, dim, palette, paper, ratio }) {
    const { context } = this;
    const css = (colour, share) =>
      `rgb(${colour.map((part, k) => Math.round(255 * (part * share + paper[k] * (1 - share)))).join(" ")})`;
    context.fillStyle = css(paper, 1);
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    let last = -1;
    for (const i of this.chosen ?? []) {
      const shade = this.shades[i];
      if (shade !== last) context.fillStyle = css(palette[shade & 63], shade & SELECTED || !dim ? 1 : dim);
      last = shade;
      const wide = (shade & LABELLED ? Math.max(1.5 * size, size + 4) : size) * ratio;
      const [x, y] = view.toPixel(this.positions[2 * i], this.positions[2 * i + 1]);
      context.fillRect(x * ratio - wide / 2, y * ratio - wide / 2, wide, wide);
    }
  }

  destroy() {}
}
