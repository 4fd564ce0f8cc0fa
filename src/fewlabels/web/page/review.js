// What may be wrong, what is in doubt, and what was answered: seen again, and changed in place.

import { aside, empty, h, hint, percent, searchBox, several, soft, title } from "./dom.js";
import { classSelect, described, select, small, thing } from "./item.js";

const TABS = {
  suspects: "Suspect labels",
  doubtful: "In doubt",
  past: "Past answers",
};
const PAGE = 100;

export function create(element, app, [first]) {
  const tab = first in TABS ? first : "suspects";
  let rows = [];
  let chosen = null;
  let typed = "";
  let last;
  const filter = { query: "", class_id: null, by: null, offset: 0 };
  const tabs = h("div", { class: "tabs", role: "group", "aria-label": "What to review" });
  const above = h("div", { class: "above" });
  const list = h("ul", { class: "rows" });
  const below = h("div", { class: "bar" }, "Loading…");
  element.append(title("Review", tabs), above, list, below);
  drawTabs();
  drawFilter();
  load();

  function drawTabs() {
    tabs.replaceChildren(
      ...Object.entries(TABS).map(([name, label]) =>
        h("a", { class: "tab", href: `#review/${name}`, "aria-current": tab === name ? "true" : null }, label),
      ),
    );
  }

  function drawFilter() {
    if (tab !== "past") {
      above.replaceChildren(soft(tab === "suspects"
        ? "Labels that the others contradict. One of the two is wrong, or the row is a hard case."
        : "Rows that the model is least sure of."));
      return;
    }
    let timer;
    const oninput = ({ target }) => {
      clearTimeout(timer);
      timer = setTimeout(() => change({ query: target.value }), 200);
    };
    const query = searchBox("Search answers", oninput);
    const classes = select("Class", "All classes", app.state.classes, (id) => change({ class_id: id || null }));
    const names = app.state.people.map((name) => ({ id: name, name }));
    const people = names.length > 1 && select("Person", "Everybody", names, (name) => change({ by: name || null }));
    above.replaceChildren(
      h("div", { class: "filters" }, query, classes, people), hint("Type the two digits of an answer, then the key of its class."),
    );
  }

  function change(wanted) {
    Object.assign(filter, { offset: 0 }, wanted);
    load();
  }

  function load() {
    const asked = (last = tab === "past" ? app.read("answers", { ...filter, n: PAGE }) : app.read(tab, { n: 40 }));
    asked.then((found) => {
      if (asked !== last) return;
      rows = found.rows ?? found;
      chosen = null;
      typed = "";
      draw(found.total ?? rows.length);
    }).catch(app.failed);
  }

  function draw(total) {
    list.replaceChildren(...rows.map(row));
    below.replaceChildren();
    if (!rows.length) {
      const texts = {
        suspects: ["Nothing looks wrong", "No label is contradicted by the others."],
        doubtful: ["Nothing is in doubt", "The answers that the model is least sure of come here."],
        past: ["No answers", filter.query || filter.class_id ? "No answer matches." : "Your answers are listed here."],
      };
      return below.append(empty(...texts[tab]));
    }
    if (tab !== "past" || total <= PAGE) return;
    below.append(
      h("button", { class: "button", disabled: !filter.offset, onclick: () => page(-PAGE) }, "Later ones"),
      aside(`${filter.offset + 1} to ${filter.offset + rows.length} of ${several(total, "answer")}`),
      h("button", { class: "button", disabled: filter.offset + PAGE >= total, onclick: () => page(PAGE) }, "Earlier ones"),
    );
  }

  function page(by) {
    filter.offset = Math.max(0, filter.offset + by);
    load();
    scrollTo({ top: 0 });
  }

  function row(entry, place) {
    const number = tab === "past" && String(place).padStart(2, "0");
    const known = tab === "doubtful" ? null : entry.class_id;
    const button = (to, id) => h("button", { class: "button", onclick: () => relabel(place, id) }, to, app.chip(id));
    return h(
      "li",
      { class: "row" },
      number && h("span", { class: "row-number", "aria-hidden": "true" }, number),
      thing(entry.item),
      h("div", { class: "row-said" }, said(entry)),
      entry.against_item && against(entry.against_item),
      h(
        "div",
        { class: "row-do" },
        tab === "suspects" && [button("Keep ", known), button("Change to ", entry.suggested)],
        tab === "doubtful" && entry.class_id != null && button("It is ", entry.class_id),
        classSelect(app, `Class of ${described(entry.item)}`, known, (id) => relabel(place, id)),
        h("button", { class: "plain", onclick: () => app.why(entry.point) }, "Why?"),
      ),
    );
  }

  /** The labelled row that speaks most against a label. */
  function against(item) {
    const caption = h("figcaption", { class: "hint" }, "compare ", app.chip(item.answer));
    return h("figure", { class: "row-against" }, caption, h("span", { class: item.image ? "row-picture" : "" }, small(item)));
  }

  function said(entry) {
    const line = (...content) => h("p", {}, ...content);
    if (tab === "suspects") {
      return [line(aside("labelled "), app.chip(entry.class_id)), line(aside("the others say "), app.chip(entry.suggested))];
    }
    if (tab === "doubtful") return [line(app.chip(entry.class_id), aside(` ${percent(entry.confidence ?? 0)}`)), soft(entry.doubt)];
    const more = [entry.batch ? "in a batch" : null, app.state.people.length > 1 ? entry.who : null, ago(entry.at)];
    return [
      line(entry.class_id == null ? "skipped" : app.chip(entry.class_id)),
      hint(more.filter(Boolean).join(" · ")),
    ];
  }

  function relabel(place, classId) {
    const entry = rows[place];
    app.put("relabel", { point: entry.point, class_id: classId });
    app.state.can_undo = true;
    app.say(`${described(entry.item)}: ${app.className(classId)}.`);
    list.children[place].classList.add("changed");
    entry.class_id = classId;
    const line = list.children[place].querySelector(".row-said");
    line.replaceChildren(h("p", {}, app.chip(classId)), soft("Decided."));
    const field = list.children[place].querySelector("select");
    if (field) field.value = String(classId ?? "");
    choose(null);
  }

  function choose(place) {
    if (chosen != null) list.children[chosen]?.classList.remove("chosen");
    chosen = place;
    typed = "";
    if (place == null) return;
    list.children[place].classList.add("chosen");
    list.children[place].scrollIntoView({ block: "nearest" });
    app.say(`${described(rows[place].item)}, ${app.className(rows[place].class_id)}. Press the key of its class.`);
  }

  return {
    reload: load,
    type(key) {
      if (tab !== "past" || chosen != null || !/^\d$/.test(key)) return false;
      typed += key;
      if (typed.length < 2) return true;
      const place = Number(typed);
      typed = "";
      if (place < rows.length) choose(place);
      return true;
    },
    press(action) {
      if (chosen == null) return false;
      if (action.class != null) relabel(chosen, action.class);
      else if (action.command === "ask") choose(null);
      else return false;
      return true;
    },
  };
}

const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** How long ago, in one unit; a clock that ran ahead is "now". */
export function ago(seconds, now = Date.now() / 1000) {
  const past = Math.max(0, now - seconds);
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (past >= size) return AGO.format(-Math.floor(past / size), unit);
  }
  return "just now";
}

