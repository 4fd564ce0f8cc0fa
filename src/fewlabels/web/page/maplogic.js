// What the map computes, apart from the page: tested without one.

export const UNKNOWN = -1;
export const RAMP = 16; // steps from sure to doubtful
export const LABELLED = 64; // flags beside the number of a colour
export const SELECTED = 128;

/**
 * Take apart what the server sends: a header of sixteen bytes, then each array as it lies. The
 * positions stay away where those of the map before are of the same layout.
 */
export function decode(buffer, before) {
  const header = new DataView(buffer);
  const n = header.getUint32(4, true);
  const layout = header.getUint32(12, true);
  const rest = buffer.byteLength - 5 * n;
  if (header.getUint32(0) !== 0x464c4d50 || (rest !== 16 && rest !== 16 + 8 * n))
    throw new Error("this is no map");
  return {
    n,
    layout,
    positions: rest === 16 ? before.positions : new Float32Array(buffer, 16, 2 * n),
    label: new Int16Array(buffer, rest, n),
    prediction: new Int16Array(buffer, rest + 2 * n, n),
    doubt: new Uint8Array(buffer, rest + 4 * n, n),
  };
}

/** The smallest box around all points, and never one without extent. */
export function bounds(positions) {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i += 2) {
    const x = positions[i];
    const y = positions[i + 1];
    if (x < x0) x0 = x;
    if (x > x1) x1 = x;
    if (y < y0) y0 = y;
    if (y > y1) y1 = y;
  }
  if (!(x1 >= x0)) return { x0: 0, y0: 0, x1: 1, y1: 1 };
  const least = Math.max(x1 - x0, y1 - y0, 1e-6) * 1e-3;
  return { x0: x0 - least, y0: y0 - least, x1: x1 + least, y1: y1 + least };
}

const common = (a, b) => (b ? common(b, a % b) : a);

/** Points by the cell of a grid that they lie in; within a cell they are in no order. */
export class Grid {
  constructor(positions) {
    const n = positions.length / 2;
    this.positions = positions;
    this.n = n;
    this.box = bounds(positions);
    const { x0, y0, x1, y1 } = this.box;
    this.side = Math.max(x1 - x0, y1 - y0) / Math.max(1, Math.min(512, Math.ceil(Math.sqrt(n / 8))));
    this.columns = Math.floor((x1 - x0) / this.side) + 1;
    this.rows = Math.floor((y1 - y0) / this.side) + 1;
    const starts = new Uint32Array(this.columns * this.rows + 1);
    const cell = new Uint32Array(n);
    for (let i = 0; i < n; i += 1) {
      cell[i] = this.cellOf(positions[2 * i], positions[2 * i + 1]);
      starts[cell[i] + 1] += 1;
    }
    for (let c = 1; c < starts.length; c += 1) starts[c] += starts[c - 1];
    const next = starts.slice();
    this.points = new Uint32Array(n);
    // In steps by the golden ratio, so that the first of a cell are a fair sample of it even where
    // the rows are sorted.
    let step = Math.max(1, Math.floor(n * 0.618));
    while (common(step, n) !== 1) step += 1;
    for (let k = 0, i = 0; k < n; k += 1, i = (i + step) % n) this.points[next[cell[i]]++] = i;
    this.starts = starts;
  }

  column(x) {
    return Math.min(this.columns - 1, Math.max(0, Math.floor((x - this.box.x0) / this.side)));
  }

  row(y) {
    return Math.min(this.rows - 1, Math.max(0, Math.floor((y - this.box.y0) / this.side)));
  }

  cellOf(x, y) {
    return this.row(y) * this.columns + this.column(x);
  }

  /** Call f(first, last, cell) with the places in `points` of each cell that touches the box, by rows. */
  cells({ x0, y0, x1, y1 }, f) {
    const [left, right, bottom, top] = [this.column(x0), this.column(x1), this.row(y0), this.row(y1)];
    for (let r = bottom; r <= top; r += 1)
      for (let c = r * this.columns + left; c <= r * this.columns + right; c += 1)
        f(this.starts[c], this.starts[c + 1], c);
  }

  /** About `most` of the points of the cells in the box, every part of it alike; all if fewer. */
  sample(box, most) {
    let seen = 0;
    this.cells(box, (first, last) => (seen += last - first));
    const share = Math.min(1, most / Math.max(1, seen));
    const chosen = new Uint32Array(seen);
    let [n, owed] = [0, 0];
    this.cells(box, (first, last) => {
      owed += (last - first) * share;
      let take = Math.min(last - first, Math.round(owed));
      owed -= take;
      for (let k = first; take > 0; k += 1, take -= 1) chosen[n++] = this.points[k];
    });
    return { points: chosen.subarray(0, n), seen };
  }

  /** The point nearest to a place, within a radius; -1 if there is none. */
  nearest(x, y, radius) {
    let [best, least] = [-1, radius * radius];
    this.cells({ x0: x - radius, y0: y - radius, x1: x + radius, y1: y + radius }, (first, last) => {
      for (let k = first; k < last; k += 1) {
        const i = this.points[k];
        const dx = this.positions[2 * i] - x;
        const dy = this.positions[2 * i + 1] - y;
        const squared = dx * dx + dy * dy;
        if (squared < least || (squared === least && best < 0)) [best, least] = [i, squared];
      }
    });
    return best;
  }

  /** The points within a polygon [x, y, x, y, ...], in ascending order. */
  within(polygon) {
    const taken = new Uint8Array(this.n);
    let n = 0;
    if (polygon.length >= 6) {
      const edge = this.outline(polygon);
      let [before, at, whole, near] = [-1, NaN, false, []];
      this.cells(bounds(polygon), (first, last, cell) => {
        const y = this.box.y0 + (Math.floor(cell / this.columns) + 0.5) * this.side;
        if (y !== at) near = edges(polygon, y, this.side);
        // Where no outline passes, a cell is within as a whole, or not at all, as the one before it.
        if (!edge[cell] && (y !== at || edge[before]))
          whole = inside(near, this.box.x0 + ((cell % this.columns) + 0.5) * this.side, y);
        [before, at] = [cell, y];
        if (!edge[cell] && !whole) return;
        for (let k = first; k < last; k += 1) {
          const i = this.points[k];
          if (edge[cell] && !inside(near, this.positions[2 * i], this.positions[2 * i + 1])) continue;
          taken[i] = 1;
          n += 1;
        }
      });
    }
    const found = new Uint32Array(n);
    for (let i = 0, k = 0; k < n; i += 1) if (taken[i]) found[k++] = i;
    return found;
  }

  /** Marks of the cells near a polygon's outline: those about each half of a cell's side along it. */
  outline(polygon) {
    const marks = new Uint8Array(this.columns * this.rows);
    for (let a = 0, b = polygon.length - 2; a < polygon.length; b = a, a += 2) {
      const [dx, dy] = [polygon[a] - polygon[b], polygon[a + 1] - polygon[b + 1]];
      const steps = Math.ceil((2 * Math.hypot(dx, dy)) / this.side);
      for (let k = 0; k <= steps; k += 1) {
        const [x, y] = [polygon[b] + (k / (steps || 1)) * dx, polygon[b + 1] + (k / (steps || 1)) * dy];
        for (const r of [-1, 0, 1]) for (const c of [-1, 0, 1]) marks[this.cellOf(x + c * this.side, y + r * this.side)] = 1;
      }
    }
    return marks;
  }
}

/** The edges of a polygon that come within `far` of a height. */
function edges(polygon, y, far) {
  const found = [];
  for (let a = 0, b = polygon.length - 2; a < polygon.length; b = a, a += 2) {
    const [ya, yb] = [polygon[a + 1], polygon[b + 1]];
    if (Math.min(ya, yb) < y + far && Math.max(ya, yb) > y - far) found.push(polygon[a], ya, polygon[b], yb);
  }
  return found;
}

/** Whether a place lies within: a ray from it crosses the edges an odd number of times. */
function inside(near, x, y) {
  let odd = false;
  for (let e = 0; e < near.length; e += 4) {
    const ya = near[e + 1];
    if (ya > y !== near[e + 3] > y && x < ((near[e + 2] - near[e]) * (y - ya)) / (near[e + 3] - ya) + near[e]) odd = !odd;
  }
  return odd;
}

const CELLS = [24, 80]; // of the density, along the longer side: fewer where points are few
const RIM = 3; // empty cells around, wider than what blurring reaches: the last of a row is no neighbour
const PROMINENT = 0.5; // of a hill's height that it has to rise above the saddle to the next

/**
 * Clusters: the hills of the density. Cells are taken from the densest on; where two hills meet,
 * the lower one becomes a part of the other unless it rises well above the saddle between them
 * (Chazal, Guibas, Oudot, Skraba 2013).
 */
export function clusters(map, grid, { most = 24, smallest = 0.002 } = {}) {
  const { x0, y0, x1, y1 } = grid.box;
  const cells = Math.min(CELLS[1], Math.max(CELLS[0], Math.sqrt(map.n)));
  const side = Math.max(x1 - x0, y1 - y0) / cells;
  const wide = Math.floor((x1 - x0) / side) + 1 + 2 * RIM;
  const high = Math.floor((y1 - y0) / side) + 1 + 2 * RIM;
  const cell = new Uint32Array(map.n);
  let density = new Float32Array(wide * high);
  for (let i = 0; i < map.n; i += 1) {
    const column = Math.floor((map.positions[2 * i] - x0) / side) + RIM;
    cell[i] = (Math.floor((map.positions[2 * i + 1] - y0) / side) + RIM) * wide + column;
    density[cell[i]] += 1;
  }
  for (let pass = 0; pass < 2; pass += 1) density = blurred(density, wide);
  const order = Array.from(density.keys()).filter((c) => density[c] > 0);
  order.sort((a, b) => density[b] - density[a] || a - b);
  const hill = new Int32Array(density.length).fill(-1);
  const root = (c) => {
    while (hill[c] !== c) c = hill[c] = hill[hill[c]];
    return c;
  };
  for (const c of order) {
    hill[c] = c;
    const beside = [-wide - 1, -wide, 1 - wide, -1, 1, wide - 1, wide, wide + 1]
      .map((step) => c + step)
      .filter((other) => other >= 0 && other < hill.length && hill[other] >= 0)
      .map(root)
      .sort((a, b) => density[b] - density[a] || a - b);
    if (!beside.length) continue;
    const highest = beside[0];
    hill[c] = highest;
    for (const lower of beside) {
      const top = root(lower);
      if (top !== highest && density[top] - density[c] < PROMINENT * density[top]) hill[top] = highest;
    }
  }
  const groups = new Map();
  for (let i = 0; i < map.n; i += 1) {
    const top = root(cell[i]);
    if (!groups.has(top)) groups.set(top, { n: 0, counts: new Map() });
    const group = groups.get(top);
    const id = map.label[i] === UNKNOWN ? map.prediction[i] : map.label[i];
    group.n += 1;
    group.counts.set(id, (group.counts.get(id) ?? 0) + 1);
  }
  return [...groups]
    .filter(([, group]) => group.n >= Math.max(3, smallest * map.n))
    .sort((a, b) => b[1].n - a[1].n || a[0] - b[0])
    .slice(0, most)
    .map(([top, { n, counts }]) => {
      const [id, ofIt] = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0];
      return {
        n,
        id: id === UNKNOWN ? null : id,
        share: ofIt / n,
        points: () => Uint32Array.from(cell.keys()).filter((i) => root(cell[i]) === top),
      };
    });
}

function blurred(values, wide) {
  const found = new Float32Array(values.length);
  for (let c = wide + 1; c < values.length - wide - 1; c += 1)
    found[c] =
      (4 * values[c] +
        2 * (values[c - 1] + values[c + 1] + values[c - wide] + values[c + wide]) +
        values[c - wide - 1] + values[c - wide + 1] + values[c + wide - 1] + values[c + wide + 1]) / 16;
  return found;
}

/** The number of each point's colour: 0 for unknown, then classes, or steps of doubt. */
export function shades(map, by, colours, selection, out = new Uint8Array(map.n)) {
  for (let i = 0; i < map.n; i += 1) {
    const known = map.label[i] !== UNKNOWN;
    let shade = 0;
    if (by === "doubt") shade = 1 + colours + ((map.doubt[i] * (RAMP - 1) + 127) / 255 | 0);
    else {
      const id = by === "label" || known ? map.label[i] : map.prediction[i];
      if (id !== UNKNOWN) shade = 1 + (id % colours);
    }
    out[i] = shade | (known ? LABELLED : 0);
  }
  if (selection) for (const i of selection) out[i] |= SELECTED;
  return out;
}

/** A view of the plane: its middle, and how many pixels a unit takes. */
export class View {
  constructor(width, height) {
    Object.assign(this, { width, height, x: 0, y: 0, scale: 1, least: 1e-9, most: 1e9 });
  }

  /** Show a box; how far one can zoom follows from the whole. */
  fit(box, whole = box) {
    const scale = ({ x0, y0, x1, y1 }) => Math.min(this.width / (x1 - x0), this.height / (y1 - y0)) * 0.94;
    this.x = (box.x0 + box.x1) / 2;
    this.y = (box.y0 + box.y1) / 2;
    [this.least, this.most] = [scale(whole) / 2, scale(whole) * 2000];
    this.scale = Math.min(scale(box), this.most);
  }

  toData(px, py) {
    return [this.x + (px - this.width / 2) / this.scale, this.y - (py - this.height / 2) / this.scale];
  }

  toPixel(x, y) {
    return [(x - this.x) * this.scale + this.width / 2, (this.y - y) * this.scale + this.height / 2];
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y += dy / this.scale;
  }

  /** Zoom by a factor; what lies at the pixel stays there. */
  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const [x, y] = this.toData(px, py);
    this.scale = Math.min(this.most, Math.max(this.least, this.scale * factor));
    this.x = x - (px - this.width / 2) / this.scale;
    this.y = y + (py - this.height / 2) / this.scale;
  }

  box() {
    const [x0, y1] = this.toData(0, 0);
    const [x1, y0] = this.toData(this.width, this.height);
    return { x0, y0, x1, y1 };
  }
}
