// The map: all points in the plane. What is drawn is chosen anew for each view, so that a million
// points move as quickly as the machine draws.

import { aside, chip, COLOURS, count, h, percent, several, svg } from "./dom.js";
import { small } from "./item.js";
import { renderer, rgb } from "./mapdraw.js";
import { bounds, clusters, decode, Grid, RAMP, shades, View } from "./maplogic.js";

const COLOUR_BY = [["prediction", "Prediction"], ["label", "Label"], ["doubt", "Doubt"]];
const TOOLS = [["move", "Move"], ["lasso", "Lasso"], ["box", "Box"]];
const HINT = {
  move: "Drag to move, scroll or pinch to zoom, click a point to select it, Shift-drag to draw a lasso.",
  lasso: "Draw around points to select them.",
  box: "Click two corners to select what is between them.",
};
const STEP = 80; // pixels an arrow key moves
const NEAR = 14; // pixels to a point that is meant
const [SLOW, QUICK, FEWEST] = [80, 30, 20_000]; // milliseconds a frame; points
const KNOWN = 20_000; // labelled points that are drawn in every sample

function joined(one, other) {
  const both = new Uint32Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/**
 * A map in an element. `load()` brings the arrays, `item(point)` what a point is, and
 * `onSelect(points, action)` hears what is to be done: "label", "grid", "similar" or "why".
 */
export function createMap(element, { load, item, onSelect, state = null }) {
  let [map, grid, found, known, selection, shade] = [null, null, [], [], null, null];
  let [by, tool, budget] = ["prediction", "move", 100_000];
  let [frame, rest, corner, drawn, hovered, gone, asked] = [0, 0, null, null, -1, false, 0];
  const view = new View(1, 1);
  const items = new Map();
  const pointers = new Map();

  const canvas = h("canvas", {
    tabindex: "0",
    role: "application",
    "aria-roledescription": "map",
    "aria-describedby": "map-hint",
  });
  const outline = svg("path", {});
  const over = svg("svg", { class: "map-over", "aria-hidden": "true" }, outline);
  const card = h("div", { class: "map-card", hidden: true, "aria-hidden": "true" });
  const hint = h("p", { class: "hint", id: "map-hint" });
  const bar = h("div", { class: "map-chosen", role: "status", "aria-live": "polite" });
  const legend = h("div", { class: "map-legend" });
  const list = h("ul");
  const button = (name, label, onclick) =>
    h("button", { class: "plain round", "aria-label": label, onclick }, name);
  const toolbar = h(
    "div",
    { class: "map-tools" },
    choice("Colour by", COLOUR_BY, () => by, (to) => ((by = to), colour())),
    choice("Mouse", TOOLS, () => tool, pick),
    h(
      "span",
      { class: "map-zoom" },
      button("−", "Zoom out", () => zoom(1 / 1.5)),
      button("+", "Zoom in", () => zoom(1.5)),
      button("⤢", "Show all", fit),
    ),
  );
  const stage = h("div", { class: "map-stage" }, canvas, over, card, bar);
  const waiting = h("p", { class: "soft", role: "status" }, "The map is being laid out.");
  const all = h(
    "div",
    { class: "map-in", hidden: true },
    h("div", {}, toolbar, stage, legend, hint),
    h("section", { class: "map-side", "aria-label": "Clusters" }, h("h2", {}, "Clusters"), list),
  );
  element.append(waiting, all);
  let pen = renderer(canvas);

  const sizes = new ResizeObserver(resize);
  sizes.observe(stage);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", colour);
  canvas.addEventListener("wheel", wheel, { passive: false });
  const heard = {
    pointerdown: down,
    pointermove: moved,
    pointerup: up,
    pointercancel: cancel,
    pointerleave: () => hover(-1),
    keydown: key,
    webglcontextlost: (event) => event.preventDefault(),
    webglcontextrestored: restored,
  };
  for (const [name, hear] of Object.entries(heard)) canvas.addEventListener(name, hear);

  function restored() {
    pen = renderer(canvas);
    if (map) pen.points(map.positions);
    colour();
  }

  async function refresh() {
    const turn = (asked += 1);
    const before = map;
    const buffer = await load(before?.layout).catch(() => null); // said elsewhere; the next change asks again
    if (gone || turn !== asked || !buffer) return;
    map = decode(buffer, before);
    if (before?.layout !== map.layout) {
      grid = new Grid(map.positions);
      pen.points(map.positions);
      if (selection?.at(-1) >= map.n) choose(null);
    }
    waiting.hidden = true;
    all.hidden = false;
    canvas.ariaLabel = `Map of ${several(map.n, "point")}; the list of clusters selects without it`;
    resize();
    if (!before) fit();
    found = clusters(map, grid);
    showList();
    colour();
  }

  function showList() {
    list.replaceChildren(
      ...found.map((cluster, k) => {
        const most = cluster.id == null ? "no answer yet" : `${percent(cluster.share)} ${named(cluster.id)}`;
        const label = `Select cluster ${k + 1}: ${several(cluster.n, "point")}, ${most}`;
        const onclick = () => choose(cluster.points(), true);
        const sizes = aside(`${count(cluster.n)} · ${percent(cluster.share)}`);
        return h("li", {}, h("button", { class: "map-cluster", "aria-label": label, onclick }, chip(classes(), cluster.id), sizes));
      }),
    );
  }

  const classes = () => state?.classes ?? [];
  const named = (id) => classes().find((entry) => entry.id === id)?.name ?? `class ${id}`;

  function colours() {
    const style = getComputedStyle(element);
    const of = (name) => rgb(style.getPropertyValue(name).trim());
    const [paper, muted, doubt] = [of("--card"), of("--line-strong"), of("--class-9")];
    const between = (a, b, share) => a.map((part, k) => part + (b[k] - part) * share);
    return {
      paper,
      ink: of("--ink"),
      palette: [
        between(paper, muted, 0.55),
        ...Array.from({ length: COLOURS }, (_, id) => of(`--class-${id}`)),
        ...Array.from({ length: RAMP }, (_, k) => between(between(paper, muted, 0.4), doubt, k / (RAMP - 1))),
      ],
    };
  }

  function colour() {
    if (!map) return;
    drawn = colours();
    known = [];
    for (let i = 0; i < map.n && known.length < KNOWN; i += 1) if (map.label[i] >= 0) known.push(i);
    const seen = new Set(by === "label" ? map.label : map.prediction);
    for (const id of map.label) seen.add(id);
    legend.replaceChildren(
      ...(by === "doubt"
        ? [h("span", {}, "sure"), h("span", { class: "map-ramp", "aria-hidden": "true" }), h("span", {}, "doubtful")]
        : classes().filter((entry) => seen.has(entry.id)).map((entry) => chip(classes(), entry.id))),
    );
    light();
  }

  /** Light up what is selected. */
  function light() {
    if (!map) return;
    shade = shades(map, by, COLOURS, selection, shade?.length === map.n ? shade : undefined);
    pen.shade(shade);
    redraw(true);
  }

  function resize() {
    const { clientWidth: width, clientHeight: height } = stage;
    if (!width || !height) return;
    const ratio = Math.min(2, devicePixelRatio || 1);
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    Object.assign(view, { width, height, ratio });
    redraw();
  }

  /** Draw soon, with fewer points while things move. */
  function redraw(moving = false) {
    clearTimeout(rest);
    if (!map || frame) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      if (gone || !drawn) return;
      const begin = performance.now();
      const { points, seen } = grid.sample(view.box(), Math.min(pen.most, moving ? budget : 3 * budget));
      pen.choose(points.length < seen ? joined(points, known) : points);
      const each = Math.sqrt((view.width * view.height) / Math.max(1, seen));
      const size = Math.min(9, Math.max(1.5, 0.55 * each));
      pen.draw(view, { size, dim: selection ? 0.22 : 0, ratio: view.ratio, ...drawn });
      canvas.dataset.drawn = points.length;
      // The next frame comes when this one is on the screen.
      requestAnimationFrame(() => {
        const took = performance.now() - begin;
        canvas.dataset.took = took.toFixed(1);
        if (took > SLOW && points.length > FEWEST) budget = Math.max(FEWEST, budget * Math.max(0.4, SLOW / took));
        else if (moving && took < QUICK) budget = Math.min(pen.most, budget * 1.2);
      });
      if (moving) rest = setTimeout(redraw, 180);
    });
  }

  function moveTo(change) {
    change();
    hover(-1);
    redraw(true);
  }
  const zoom = (factor, px, py) => moveTo(() => view.zoom(factor, px, py));
  function fit() {
    if (grid) moveTo(() => view.fit(grid.box));
  }

  function pick(to) {
    tool = to;
    corner = null;
    draw([]);
    hint.textContent = `${HINT[tool]} Keys: arrows, +, −, 0 for all, Escape to clear.`;
    stage.dataset.tool = tool;
  }

  function choose(points, show = false) {
    selection = points?.length ? points : null;
    const n = selection?.length ?? 0;
    const act = (name, label) => h("button", { class: "button", onclick: () => onSelect(selection, name) }, label);
    bar.replaceChildren(
      ...(n
        ? [
            h("strong", {}, `${several(n, "point")} selected`),
            act("label", "Label"),
            act("grid", "Open as grid"),
            ...(n === 1 ? [act("similar", "Similar to this"), act("why", "Why")] : []),
            h("button", { class: "plain", onclick: () => choose(null) }, "Clear"),
          ]
        : []),
    );
    if (show && n) {
      const places = new Float32Array(2 * n);
      selection.forEach((i, k) => places.set(map.positions.subarray(2 * i, 2 * i + 2), 2 * k));
      view.fit(bounds(places), grid.box);
    }
    light();
  }

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  function draw(pixels) {
    outline.setAttribute("d", pixels.length ? `M${pixels.map((place) => place.join(" ")).join("L")}Z` : "");
  }
  const ring = (pixels) => pixels.flatMap(([x, y]) => view.toData(x, y));

  function down(event) {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    const place = at(event);
    const lasso = pointers.size === 0 && (tool === "lasso" || event.shiftKey);
    pointers.set(event.pointerId, { place, path: [place], lasso });
    if (pointers.size > 1) for (const each of pointers.values()) each.lasso = false;
    hover(-1);
  }

  function moved(event) {
    const place = at(event);
    const held = pointers.get(event.pointerId);
    if (!held) {
      if (corner) draw(cornersTo(place));
      else hover(nearest(place));
      return;
    }
    const [dx, dy] = [place[0] - held.place[0], place[1] - held.place[1]];
    if (held.lasso) {
      if (Math.hypot(dx, dy) < 2) return;
      held.path.push(place);
      draw(held.path);
    } else if (pointers.size === 2) {
      const other = [...pointers.values()].find((each) => each !== held).place;
      const apart = (p) => Math.max(1, Math.hypot(p[0] - other[0], p[1] - other[1]));
      view.pan(dx / 2, dy / 2);
      zoom(apart(place) / apart(held.place), (place[0] + other[0]) / 2, (place[1] + other[1]) / 2);
    } else if (held.far || Math.hypot(dx, dy) > 3) {
      held.far = true;
      moveTo(() => view.pan(dx, dy));
    } else return;
    held.place = place;
  }

  function up(event) {
    const held = pointers.get(event.pointerId);
    pointers.delete(event.pointerId);
    if (!held || !grid || pointers.size) return;
    if (held.lasso && held.path.length > 2) {
      draw([]);
      choose(grid.within(ring(held.path)));
    } else if (!held.far && tool === "box") {
      if (corner) {
        const corners = cornersTo(held.place);
        corner = null;
        draw([]);
        choose(grid.within(ring(corners)));
      } else corner = view.toData(...held.place);
    } else if (!held.far) {
      const point = nearest(held.place);
      choose(point < 0 ? null : Uint32Array.of(point));
    }
  }

  function cancel(event) {
    pointers.delete(event.pointerId);
    draw([]);
  }

  function cornersTo([x, y]) {
    const [left, top] = view.toPixel(...corner);
    return [[left, top], [x, top], [x, y], [left, y]];
  }

  const nearest = (place) => (grid ? grid.nearest(...view.toData(...place), NEAR / view.scale) : -1);

  async function hover(point) {
    if (point === hovered) return;
    hovered = point;
    card.hidden = true;
    if (point < 0) return;
    await new Promise((done) => setTimeout(done, 60)); // not for each that is passed on the way
    if (point !== hovered) return;
    if (!items.has(point)) {
      if (items.size > 300) items.clear();
      items.set(point, item(point));
    }
    const what = await items.get(point).catch(() => items.delete(point) && null);
    if (gone || point !== hovered || !what) return;
    const [said, guess] = [map.label[point], map.prediction[point]];
    const id = said >= 0 ? said : guess >= 0 ? guess : null;
    const how = said >= 0 ? "labelled" : guess >= 0 ? "predicted" : "";
    card.replaceChildren(small(what), h("p", { class: "map-card-class" }, chip(classes(), id), aside(how)));
    const [x, y] = view.toPixel(map.positions[2 * point], map.positions[2 * point + 1]);
    card.hidden = false;
    card.style.setProperty("--x", `${x > view.width / 2 ? x - card.offsetWidth - 16 : x + 16}px`);
    card.style.setProperty("--y", `${Math.max(8, Math.min(view.height - card.offsetHeight - 8, y - 24))}px`);
  }

  function wheel(event) {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0018)), ...at(event));
  }

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const does = {
      ArrowLeft: () => moveTo(() => view.pan(STEP, 0)),
      ArrowRight: () => moveTo(() => view.pan(-STEP, 0)),
      ArrowUp: () => moveTo(() => view.pan(0, STEP)),
      ArrowDown: () => moveTo(() => view.pan(0, -STEP)),
      "+": () => zoom(1.5),
      "=": () => zoom(1.5),
      "-": () => zoom(1 / 1.5),
      0: fit,
      Escape: () => (corner ? pick(tool) : choose(null)),
    }[event.key];
    if (!does) return;
    event.preventDefault();
    event.stopPropagation();
    does();
  }

  function choice(name, entries, now, change) {
    const press = () => buttons.forEach((each, k) => (each.ariaPressed = entries[k][0] === now()));
    const buttons = entries.map(([value, label]) =>
      h("button", { class: "plain", onclick: () => (change(value), press()) }, label),
    );
    press();
    return h("span", { class: "map-choice", role: "group", "aria-label": name }, buttons);
  }

  let [waits, again] = [0, 0];
  pick("move");
  choose(null);
  refresh();
  return {
    /** Take up a new state of the page; the arrays are asked for again, though not at every answer. */
    update(now) {
      state = now;
      const wait = map ? Math.max(0, again + Math.max(1000, map.n / 100) - Date.now()) : 0;
      clearTimeout(waits);
      waits = setTimeout(() => {
        again = Date.now();
        refresh();
      }, wait);
    },
    destroy() {
      gone = true;
      clearTimeout(waits);
      clearTimeout(rest);
      cancelAnimationFrame(frame);
      sizes.disconnect();
      dark.removeEventListener("change", colour);
      pen.destroy();
      element.replaceChildren();
    },
  };
}
