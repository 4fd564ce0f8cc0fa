// Elements, and the look of classes. Text goes in as text: nothing here takes markup.

const SVG = "http://www.w3.org/2000/svg";
export const COLOURS = 12;
const SHAPES = [
  "M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2Z", // circle
  "M3 3h10v10H3Z", // square
  "M8 2l6.5 11.5h-13Z", // triangle
  "M8 1l7 7-7 7-7-7Z", // diamond
  "M6 2h4v4h4v4h-4v4H6v-4H2V6h4Z", // plus
  "M8 1l2.1 4.7 5 .5-3.8 3.4 1.1 5L8 12l-4.4 2.6 1.1-5L.9 6.2l5-.5Z", // star
  "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 1 0 0-13Zm0 4a2.5 2.5 0 1 1 0 5 2.5 2.5 0 1 1 0-5Z", // ring
];

/** An element: h("button", {class: "plain", onclick: f, "aria-label": "Undo"}, "Undo"). */
export const h = (tag, ...more) => filled(document.createElement(tag), ...more);

/** An element of a drawing. */
export const svg = (tag, ...more) => filled(document.createElementNS(SVG, tag), ...more);

function filled(element, props = {}, ...children) {
  set(element, props);
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

export function set(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value == null || value === false) element.removeAttribute(name);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "vars") {
      for (const [key, given] of Object.entries(value)) element.style.setProperty(key, given);
    } else element.setAttribute(name, value === true ? "" : value);
  }
}

/** A class's colour as a variable, which the style sheet takes up. */
const coloured = (id) => ({ "--class": `var(--class-${id % COLOURS})` });

/** The mark of a class: its colour and its shape, for whoever can't tell colours apart. */
export function mark(id) {
  return svg(
    "svg",
    { class: "class-mark", vars: coloured(id), viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("path", { d: SHAPES[id % SHAPES.length], "fill-rule": "evenodd" }),
  );
}

/** A class as a word with its mark. */
export function chip(classes, id) {
  if (id == null) return h("span", { class: "chip chip-none" }, "none");
  const known = classes.find((entry) => entry.id === id);
  return h("span", { class: "chip" }, mark(id), h("bdi", {}, known?.name ?? `class ${id}`));
}

export function kbd(key) {
  return key ? h("kbd", { "aria-hidden": "true" }, shownKey(key)) : null;
}

const SHOWN = {
  Enter: "↵",
  Backspace: "⌫",
  "Shift+Backspace": "⇧⌫",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "esc",
  " ": "space",
};
export const shownKey = (key) => SHOWN[key] ?? key;

const whole = new Intl.NumberFormat("en");
export const count = (n) => whole.format(n);
export const several = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
export function percent(share) {
  if (share > 0.995 && share < 1) return "> 99 %";
  return `${Math.round(share * 100)} %`;
}

/** A share as a bar with its figure. */
export function bar(share, { low = null, high, id = null }) {
  const fill = h("span", { class: "share-fill", vars: { "--share": share, ...(id == null ? {} : coloured(id)) } });
  const range = low != null && h("span", { class: "share-range", vars: { "--low": low, "--high": high } });
  const track = h("span", { class: "share-track", "aria-hidden": "true" }, fill, range);
  return h("span", { class: "share" }, track, h("span", { class: "share-figure" }, percent(share)));
}

/** A line, or a word in one, that stays in the background. */
export const soft = (...content) => h("p", { class: "soft" }, ...content);
export const hint = (...content) => h("p", { class: "hint" }, ...content);
export const aside = (...content) => h("span", { class: "soft" }, ...content);

/** What is shown where there is nothing yet. */
export function empty(title, text, ...more) {
  return h("div", { class: "empty" }, h("h2", {}, title), h("p", {}, text), more);
}

export const searchBox = (name, oninput) => h("input", { type: "search", placeholder: name, "aria-label": name, oninput });

export function title(text, ...more) {
  return h("div", { class: "view-head" }, h("h1", { tabindex: "-1" }, text), ...more);
}

/** A view of which more is to come. */
export const loading = (name) => [title(name), soft("Loading…")];

/** A dialog over the page; it closes by Escape, its button, or a click beside it. */
export function dialog(name, ...content) {
  const close = h("button", { class: "plain round dialog-close", "aria-label": "Close" }, "×");
  const opened = h(
    "dialog",
    { "aria-label": name },
    h("div", { class: "dialog-in" }, h("div", { class: "dialog-head" }, h("h2", {}, name), close), ...content),
  );
  close.addEventListener("click", () => opened.close());
  opened.addEventListener("click", (event) => event.target === opened && opened.close());
  opened.addEventListener("close", () => opened.remove());
  document.body.append(opened);
  opened.showModal();
  return opened;
}
