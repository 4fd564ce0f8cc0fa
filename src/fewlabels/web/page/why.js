// Why: the labelled rows that an answer comes from, with their shares.

import { aside, bar, dialog, h, soft } from "./dom.js";
import { thing } from "./item.js";

export async function openDialog(app, point) {
  const body = h("div", {}, soft("Looking…"));
  const opened = dialog("Where this answer comes from", body);
  for (let tries = 0; opened.open && tries < 40; tries += 1) {
    try {
      const found = await app.read(`why/${point}`);
      if (found.ready !== false) return draw(app, body, found);
    } catch (error) {
      opened.close();
      return app.failed(error);
    }
    await new Promise((done) => setTimeout(done, 250));
  }
  body.textContent = "This is taking a while. Try again later.";
}

function draw(app, body, found) {
  if (!found.labels.length) return body.replaceChildren(soft("No label supports it yet."));
  body.replaceChildren(
    soft(found.class_id == null ? "" : ["The model says ", app.chip(found.class_id), ". These labels speak for it, or against it:"]),
    h(
      "ol",
      { class: "reasons" },
      found.labels.map((row) =>
        h(
          "li",
          { class: "reason" },
          thing(row.item),
          h("div", { class: "reason-more" }, app.chip(row.class_id), row.share < 0 && aside("against it"), bar(Math.abs(row.share), { id: row.class_id })),
        ),
      ),
    ),
  );
}
