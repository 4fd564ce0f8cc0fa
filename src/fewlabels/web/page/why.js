// Why: the labelled rows that an answer comes from, with their share in it.

import { bar, chip, dialog, h } from "./dom.js";
import { small } from "./item.js";

export async function openWhy(app, point) {
  const body = h("div", { class: "why" }, h("p", { class: "soft" }, "Looking…"));
  const opened = dialog("Where this answer comes from", body);
  for (let tries = 0; opened.open && tries < 40; tries += 1) {
    try {
      const found = await app.read(`why/${point}`);
      if (found.ready !== false) {
        draw(app, body, found);
        return;
      }
    } catch (error) {
      opened.close();
      app.failed(error);
      return;
    }
    await new Promise((done) => setTimeout(done, 250));
  }
  body.textContent = "This is taking a while. Try again later.";
}

function draw(app, body, found) {
  if (!found.labels.length) {
    body.replaceChildren(h("p", { class: "soft" }, "No label supports it yet."));
    return;
  }
  body.replaceChildren(
    h(
      "p",
      { class: "soft" },
      found.class_id == null ? "" : ["The model says ", chip(app.state.classes, found.class_id), ". These labels speak for it, or against it:"],
    ),
    h(
      "ol",
      { class: "reasons" },
      found.labels.map((row) =>
        h(
          "li",
          { class: "reason" },
          h("span", { class: row.item.image ? "row-thing row-picture" : "row-thing" }, small(row.item, 192)),
          h("div", { class: "reason-more" }, chip(app.state.classes, row.class_id), bar(row.share, { id: row.class_id })),
        ),
      ),
    ),
  );
}
