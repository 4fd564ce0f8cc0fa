// A neighbourhood at a glance: rows near each other that the model takes for one class.

import { finished } from "./ask.js";
import { aside, h, kbd, loading, several, soft, title } from "./dom.js";
import { classSelect, described, small } from "./item.js";
import { keyFor, spoken } from "./keys.js";

export const TILE_KEYS = "123456789abcdefghijklmnopqrstuvwxyz";

export function create(element, app, [kind]) {
  let rows = [];
  let classId = null;
  let suggested = null; // what the model takes all of these for
  const out = new Set();
  const head = h("div", {}, loading("Grid"));
  const tiles = h("div", { class: "tiles" });
  const foot = h("div", { class: "bar" });
  element.append(head, tiles, foot);

  async function load() {
    out.clear();
    try {
      if (app.selection && kind === "selection") {
        const some = [...app.selection].slice(0, TILE_KEYS.length);
        rows = await Promise.all(some.map(async (p) => ({ point: p, item: await app.read(`item/${p}`) })));
        classId = rows.find((row) => row.item.suggestion)?.item.suggestion.class_id ?? null;
      } else {
        const found = await app.read("neighbourhood");
        rows = found?.rows ?? [];
        classId = suggested = found?.class_id ?? null;
      }
    } catch (error) {
      app.failed(error);
      rows = [];
    }
    draw();
  }

  function draw() {
    if (!head.isConnected) return;
    if (!rows.length) {
      if (app.state.n_left) return app.go("ask", "No grid just now: some questions first.");
      return element.replaceChildren(title("Grid"), finished(app.state));
    }
    head.replaceChildren(
      title(
        classId == null ? "Which class are these?" : `Are these all “${app.className(classId)}”?`,
        soft("Click what does not belong, or press its key."),
      ),
    );
    tiles.replaceChildren(...rows.map(tile));
    drawFoot();
  }

  function tile(row, place) {
    const key = TILE_KEYS[place];
    return h(
      "button",
      {
        class: "tile",
        "aria-pressed": "true",
        "aria-keyshortcuts": spoken(key),
        "aria-label": `${place + 1}: ${described(row.item)}`,
        onclick: () => toggle(row.point),
      },
      h("span", { class: row.item.image ? "tile-in tile-picture" : "tile-in" }, small(row.item)),
      h("span", { class: "tile-key" }, kbd(key)),
      h("span", { class: "tile-out", "aria-hidden": "true" }, "not this"),
    );
  }

  function toggle(point) {
    if (!out.delete(point)) out.add(point);
    const place = rows.findIndex((row) => row.point === point);
    tiles.children[place].ariaPressed = !out.has(point);
    app.say(`${described(rows[place].item)}: ${out.has(point) ? "taken out" : "taken in"}.`);
    drawFoot();
  }

  function drawFoot() {
    const n = rows.length - out.size;
    const key = keyFor(app.bound, "accept", app.state.settings);
    const choice = classSelect(app, "Class of all these", classId, (id) => {
      classId = id;
      drawFoot();
    });
    foot.replaceChildren(
      h("label", { class: "inline" }, aside("Class"), choice),
      h(
        "button",
        {
          class: "button main",
          disabled: n ? classId == null : suggested == null,
          "aria-keyshortcuts": spoken(key),
          onclick: confirm,
        },
        kbd(key),
        label(n),
      ),
      h("button", { class: "button", onclick: another }, "Others"),
    );
  }

  function label(n) {
    if (!n && suggested != null) return "None of these";
    return classId == null ? "Choose a class" : `${n} × ${app.className(classId)}`;
  }

  function another() {
    if (kind === "selection") app.go("map");
    else load();
  }

  function confirm() {
    const points = rows.map((row) => row.point).filter((p) => !out.has(p));
    const meant = points.length ? classId : suggested; // of none, that they are not what was thought
    if (meant == null || element.ariaBusy) return;
    app.put("confirm", { points, class_id: meant });
    app.state.n_labelled += points.length;
    app.state.can_undo = true;
    app.showCount();
    app.say(`${several(points.length, "row")} confirmed as ${app.className(meant)}.`);
    rows = [];
    tiles.replaceChildren();
    foot.replaceChildren();
    if (kind === "selection") app.go("map");
    else waiting = true; // till the server knows of this one
  }

  let waiting = false;
  load();
  return {
    type(key) {
      const place = TILE_KEYS.indexOf(key);
      if (place < 0 || place >= rows.length) return false;
      toggle(rows[place].point);
      return true;
    },
    press(action, key) {
      if (action.command !== "accept" || !rows.length) return false;
      const own = document.activeElement?.closest("button, a, select");
      if (key === "Enter" && own && !own.classList.contains("tile")) return false;
      confirm();
      return true;
    },
    update() {
      if (waiting && !app.outbox.waiting.length) {
        waiting = false;
        load().then(app.pause);
      }
    },
  };
}

