// The map's place in the page: what is selected there is labelled, or opened as a grid.

import { dialog, h, several, soft, title } from "./dom.js";

const MOST = 50_000; // rows that one act labels

export function create(element, app) {
  const place = h("div", { class: "map" }, "Loading…");
  element.append(title("Map"), place);
  let map = null;
  let gone = false;
  import("./map.js").then(({ createMap }) => {
    if (gone) return;
    place.textContent = "";
    map = createMap(place, {
      load: (layout) => app.get("map", { layout }),
      item: (point) => app.read(`item/${point}`),
      onSelect: (points, action) => selected(app, points, action),
      state: app.state,
    });
  }).catch(() => app.notify("The map can't be shown."));
  return {
    update: () => map?.update(app.state),
    destroy() {
      gone = true;
      map?.destroy();
    },
  };
}

function selected(app, points, action) {
  const chosen = Array.from(points);
  if (!chosen.length) return;
  if (action === "grid") {
    app.selection = chosen;
    app.go("grid/selection");
  } else if (action === "similar") app.go(`search/like/${chosen[0]}`);
  else if (action === "why") app.why(chosen[0]);
  else label(app, chosen);
}

function label(app, points) {
  const opened = dialog(
    `Label ${several(points.length, "row")}`,
    soft("They are marked as seen together, and never count as checks."),
    h(
      "div",
      { class: "buttons" },
      app.state.classes.map((entry) =>
        h(
          "button",
          {
            class: "button",
            onclick: () => {
              for (let at = 0; at < points.length; at += MOST)
                app.put("confirm", { points: points.slice(at, at + MOST), class_id: entry.id });
              opened.close();
            },
          },
          app.chip(entry.id),
        ),
      ),
    ),
  );
}
