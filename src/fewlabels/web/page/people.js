// Several people: who answered how much, how far they agree, and where they don't.

import { aside, count, empty, h, hint, mark, percent, several, soft, title } from "./dom.js";
import { thing } from "./item.js";

export function create(element, app) {
  let behind = false; // acts were on their way when it was read
  const body = h("div", {}, "Loading…");
  element.append(title("People"), naming(), body);
  load();

  function naming() {
    const input = h("input", { type: "text", id: "who", maxlength: "64", autocomplete: "name", value: app.who ?? app.usual ?? "" });
    const onsubmit = (event) => {
      event.preventDefault();
      app.rename(input.value.trim());
      app.notify(`You answer as ${app.who ?? app.usual}.`);
    };
    const label = h("label", { for: "who" }, "Your name");
    return h("form", { class: "panel inline naming", onsubmit }, label, input, h("button", { class: "button" }, "Save"));
  }

  function load() {
    behind = app.outbox.waiting.length > 0;
    Promise.all([app.read("people"), app.read("disagreements", { n: 40 })]).then(draw).catch(app.failed);
  }

  function draw([{ alpha, n_both: both, people, classes }, apart]) {
    if (!people.length) return body.replaceChildren(empty("Nobody has answered yet", "Each person's answers are counted here."));
    body.replaceChildren(
      h(
        "div",
        { class: "panels" },
        h("section", { class: "panel wide" }, h("h2", {}, "Agreement"),
          alpha == null
            ? soft("Shown once two people have answered some of the same rows (--overlap).")
            : h("p", {}, h("strong", { class: "figure" }, alpha.toFixed(2)), aside(` Krippendorff's alpha over ${several(both, "shared row")}. 1 is full agreement, 0 is chance.`)),
          scrolling("Table of people", table(people)),
        ),
        people.filter((person) => person.confusion).map((person) => confusion(person, classes)),
      ),
      apart.length ? h("section", {}, h("h2", { class: "section-head" }, "Disagreements"), h("ul", { class: "rows" }, apart.map(row))) : "",
    );
  }

  const scrolling = (name, table) => h("div", { class: "table-scroll", tabindex: 0, role: "group", "aria-label": name }, table);

  function table(people) {
    const share = (value) => (value == null ? "–" : percent(value));
    return h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ["Person", "Answers", "Seconds each", "Agreement", "Reliability"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, people.map((person) =>
        h("tr", {}, h("th", { scope: "row" }, h("bdi", {}, person.who)),
          [count(person.n), person.seconds?.toFixed(1) ?? "–", share(person.agrees), share(person.reliability)].map((cell) => h("td", {}, cell))))),
    );
  }

  function confusion(person, classes) {
    const name = (id) => app.className(id);
    const table = h(
      "table",
      { class: "confusion" },
      h("thead", {}, h("tr", {}, h("td", {}), classes.map((id) => h("th", { scope: "col", title: name(id) }, mark(id), h("span", { class: "unseen" }, name(id)))))),
      h("tbody", {}, person.confusion.map((line, place) =>
        h("tr", {}, h("th", { scope: "row" }, app.chip(classes[place])),
          line.map((share) => h("td", { vars: { "--share": share } }, share < 0.005 ? "" : Math.round(100 * share)))))),
    );
    return h(
      "section",
      { class: "panel" },
      h("h2", {}, "How ", h("bdi", {}, person.who), " answers"),
      hint("Across: what was answered. Down: what most agree on. In percent of each line."),
      scrolling(`Answers of ${person.who}`, table),
    );
  }

  function row(entry) {
    const line = h("li", { class: "row" });
    const decide = (id) => {
      app.put("relabel", { point: entry.point, class_id: id });
      line.classList.add("changed");
      line.querySelector(".row-do").replaceChildren(aside("decided "), app.chip(id));
    };
    line.append(
      thing(entry.item),
      h("div", { class: "row-said" }, entry.answers.map(({ who, class_id: id }) => h("p", {}, h("bdi", { class: "soft" }, who), " ", app.chip(id)))),
      h("div", { class: "row-do" }, [...new Set(entry.answers.map((answer) => answer.class_id))].map((id) =>
        h("button", { class: "button", onclick: () => decide(id) }, app.chip(id)))),
    );
    return line;
  }

  return {
    reload: load,
    update() {
      if (behind && !app.outbox.waiting.length) load();
    },
  };
}
