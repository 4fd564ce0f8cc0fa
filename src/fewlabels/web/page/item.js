// A row as it is shown: a picture, a text or columns; large on the card, small in lists.

import { h, hint, set } from "./dom.js";

const pictureAddress = (point, size) => `/api/picture/${point}?size=${size}`;

/** Cut a text into pieces, with the strength (0 to 3) by which each speaks for the suggestion. */
export function pieces(text, words = []) {
  const found = [];
  let at = 0;
  const sorted = [...words].sort((a, b) => a.start - b.start);
  for (const { start, end, weight } of sorted) {
    if (start < at || end > text.length || end <= start || !(weight > 0)) continue;
    if (start > at) found.push({ text: text.slice(at, start), strength: 0 });
    const strength = weight > 0.66 ? 3 : weight > 0.33 ? 2 : 1;
    found.push({ text: text.slice(start, end), strength });
    at = end;
  }
  if (at < text.length) found.push({ text: text.slice(at), strength: 0 });
  return found;
}

/** The columns to show: those that differ from the neighbours' first, the rest after them. */
export function columnsOf(item) {
  const differing = item.columns.filter((column) => column.differs);
  const alike = item.columns.filter((column) => !column.differs);
  return { differing, alike };
}

/** What a row is, in words: the name of its picture, for whoever can't see it. */
export function described(item) {
  if (item.text) return item.text.slice(0, 120);
  return item.title || `row ${item.point}`;
}

/** The row on the card, whole. */
export function large(item) {
  if (item.image) return picture(item);
  if (item.text) return text(item);
  return columns(item);
}

const scroll = (name, ...content) =>
  h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": name }, ...content);

function text(item) {
  const parts = pieces(item.text, item.words).map((piece) =>
    piece.strength ? h("mark", { class: `speaks-${piece.strength}` }, piece.text) : piece.text,
  );
  const size = item.text.length > 900 ? "reading long" : item.text.length > 220 ? "reading" : "reading short";
  const more = item.columns?.length ? [...columns(item).children] : null;
  return scroll("The text", h("p", { class: size, dir: "auto" }, parts), more);
}

function columns(item) {
  const { differing, alike } = columnsOf(item);
  const row = ({ name, value }, differs) =>
    h(
      "div",
      { class: `column${differs ? " differs" : ""}${value.length > 90 ? " wide" : ""}` },
      h("dt", { dir: "auto" }, name),
      h("dd", { dir: "auto" }, value, differs ? h("span", { class: "unseen" }, " (differs)") : null),
    );
  const few = differing.length && alike.length;
  return scroll(
    "The row",
    few ? hint("Unlike its neighbours") : null,
    differing.length ? h("dl", { class: "columns" }, differing.map((column) => row(column, few))) : null,
    few ? hint("Like its neighbours") : null,
    alike.length ? h("dl", { class: few ? "columns alike" : "columns" }, alike.map((column) => row(column, false))) : null,
  );
}

const ZOOMS = [1, 2, 4, 8];

/** A picture that fits its place; it grows inside it, and is moved by scrolling or dragging. */
function picture(item) {
  const sharp = Math.min(devicePixelRatio || 1, 2) * Math.min(innerWidth, 900);
  const image = h("img", {
    class: "picture-in",
    src: pictureAddress(item.point, sharp > 900 ? 1536 : 768),
    alt: `Picture: ${described(item)}`,
    draggable: "false",
  });
  const frame = h("div", { class: "picture scroll", role: "group", "aria-label": "The picture" }, image);
  sharpen(image);
  image.addEventListener("error", () => {
    frame.classList.add("broken");
    frame.textContent = `${described(item)} can't be shown.`;
  });
  let zoom = 1;
  let full = null;
  const show = (wanted) => {
    const middle = {
      x: (frame.scrollLeft + frame.clientWidth / 2) / frame.scrollWidth,
      y: (frame.scrollTop + frame.clientHeight / 2) / frame.scrollHeight,
    };
    zoom = Math.max(1, Math.min(ZOOMS.at(-1), wanted));
    if (zoom > 1 && !full) {
      full = sharpen(image.cloneNode());
      full.src = pictureAddress(item.point, 3072);
      // Until it is here, or if it can't come, the one that is seen stays.
      full.decode().then(() => image.replaceWith(full), () => (full = null));
    }
    frame.classList.toggle("zoomed", zoom > 1);
    // Only what can be scrolled is a stop for the keyboard.
    set(frame, { tabindex: zoom > 1 ? 0 : null, vars: { "--zoom": zoom } });
    frame.scrollLeft = middle.x * frame.scrollWidth - frame.clientWidth / 2;
    frame.scrollTop = middle.y * frame.scrollHeight - frame.clientHeight / 2;
    out.disabled = zoom === 1;
    closer.disabled = zoom === ZOOMS.at(-1);
  };
  const out = h("button", { class: "round", disabled: true, "aria-label": "Smaller", onclick: () => show(zoom / 2) }, "−");
  const closer = h("button", { class: "round", "aria-label": "Larger", onclick: () => show(zoom * 2) }, "+");
  frame.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      show(event.deltaY < 0 ? zoom * 2 : zoom / 2);
    },
    { passive: false },
  );
  frame.addEventListener("dblclick", () => show(zoom > 1 ? 1 : 2));
  drag(frame);
  const whole = h("div", { class: "picture-frame" }, frame, h("div", { class: "picture-tools" }, out, closer));
  whole.zoom = () => show(zoom >= ZOOMS.at(-1) ? 1 : zoom * 2);
  whole.image = image;
  return whole;
}

/** A picture of few pixels is shown as it is, not as a blur. */
function sharpen(image) {
  image.addEventListener("load", () => {
    const most = Math.max(image.naturalWidth, image.naturalHeight);
    image.classList.toggle("tiny", most < 96);
    image.style.setProperty("--natural", most);
  });
  return image;
}

/** Move what is larger than its frame by mouse; fingers and keys scroll. */
function drag(frame) {
  let from = null;
  frame.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    from = { x: event.clientX + frame.scrollLeft, y: event.clientY + frame.scrollTop };
    frame.setPointerCapture(event.pointerId);
  });
  frame.addEventListener("pointermove", (event) => {
    if (!from) return;
    frame.scrollLeft = from.x - event.clientX;
    frame.scrollTop = from.y - event.clientY;
  });
  for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, () => (from = null));
}

/** The row in a list or a grid. */
export function small(item) {
  if (item.image) {
    return sharpen(
      h("img", {
        class: "thumb",
        src: pictureAddress(item.point, 192),
        alt: described(item),
        loading: "lazy",
        decoding: "async",
      }),
    );
  }
  const cut = (text) => (text.length > 180 ? `${text.slice(0, 180)}…` : text);
  if (item.text) return h("span", { class: "snippet", dir: "auto" }, cut(item.text));
  // The first tells most, then what differs.
  const rest = item.columns.slice(1).sort((a, b) => b.differs - a.differs);
  const shown = [...item.columns.slice(0, 1), ...rest].slice(0, 4);
  return h(
    "span",
    { class: "snippet facts" },
    shown.map((column) =>
      h("span", { class: "fact" }, h("span", { class: "fact-name" }, column.name), " ", h("bdi", {}, cut(column.value))),
    ),
  );
}

/** The row at the beginning of a line. */
export const thing = (item) => h("span", { class: item.image ? "row-thing row-picture" : "row-thing" }, small(item));

/** Choose a class from a list: for the mouse and for screen readers. A label can be taken away. */
export function classSelect(app, label, chosen, onchange) {
  const none = chosen == null ? "—" : "no label";
  return select(label, none, app.state.classes, (value) => onchange(value === "" ? null : Number(value)), chosen);
}

/** A list of entries with an id and a name, the first of which is none. */
export function select(label, none, entries, onchange, chosen) {
  return h(
    "select",
    { "aria-label": label, onchange: (event) => onchange(event.target.value) },
    h("option", { value: "" }, none),
    entries.map(({ id, name }) => h("option", { value: id, selected: id === chosen }, name)),
  );
}
