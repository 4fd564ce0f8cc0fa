// Search: rows by their words, and rows that are like one.

import { aside, empty, h, hint, several, title } from "./dom.js";
import { classSelect, described, thing } from "./item.js";

export function create(element, app, [kind, point]) {
  const input = app.box;
  const note = h("p", { class: "soft above", role: "status" });
  const list = h("ul", { class: "rows" });
  let turn = 0;
  let timer;
  let reload;
  element.append(title("Search"), h("div", { class: "filters" }, input), note, list);
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => find("search", input.value.trim()), 180);
  });
  input.addEventListener("keydown", (event) => event.key === "Escape" && !input.value && app.go("ask"));
  if (kind === "like") find("like", point);
  else {
    input.focus();
    find("search", input.value.trim());
  }

  function clear() {
    list.replaceChildren();
    note.textContent = app.state.kind === "images" ? "Searches the names of pictures." : "";
  }

  async function find(how, wanted) {
    const mine = ++turn;
    reload = () => find(how, wanted);
    if (!wanted) return clear();
    try {
      const like = how === "like";
      const found = await (like ? app.read(`similar/${wanted}`, { n: 48 }) : app.read("search", { text: wanted, n: 48 }));
      if (mine !== turn) return;
      const rows = like ? found : found.points;
      const early = like ? !rows.length : found.ready === false;
      const said = early
        ? `Ready once ${like ? "similar rows are linked" : "the index is built"}.`
        : like ? `Most similar to row ${wanted}` : several(found.total, "row");
      if (note.textContent !== said) note.textContent = said;
      if (early) timer = setTimeout(reload, 1000);
      list.replaceChildren(...rows.map(row));
      if (!rows.length && !early) list.append(h("li", {}, empty("Nothing found", "No row contains these words.")));
    } catch (error) {
      app.failed(error);
    }
  }

  function row(entry) {
    const { item } = entry;
    const label = item.answer ?? null;
    const shown = h("div", { class: "row-said" });
    const say = (id) =>
      shown.replaceChildren(
        h("p", {}, id == null ? aside("no label") : app.chip(id)),
        hint(item.title && !item.text ? item.title : `row ${entry.point}`),
      );
    say(label);
    return h(
      "li",
      { class: "row" },
      thing(item),
      shown,
      h(
        "div",
        { class: "row-do" },
        classSelect(app, `Class of ${described(item)}`, label, (id) => {
          app.put("relabel", { point: entry.point, class_id: id });
          say(id);
        }),
        h("a", { class: "button", href: `#search/like/${entry.point}` }, "More like this"),
      ),
    );
  }

  return {
    reload: () => reload(),
    destroy() {
      turn += 1;
      clearTimeout(timer);
    },
  };
}
