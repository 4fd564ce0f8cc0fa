// The page's logic without a browser. Run by test_page_logic.py, or: node --test THIS_FILE

import assert from "node:assert/strict";
import test from "node:test";

const page = new URL("../../src/fewlabels/web/page/", import.meta.url);
const { Deck, found, isLast } = await import(new URL("ask.js", page));
const { Outbox } = await import(new URL("api.js", page));
const { bindings, collision, COMMANDS, keyFor, keysOf, pressed, spoken } = await import(new URL("keys.js", page));
const { columnsOf, pieces } = await import(new URL("item.js", page));
const { ago } = await import(new URL("review.js", page));
const { duration, ticks } = await import(new URL("progress.js", page));
const { bounds, clusters, decode, Grid, LABELLED, SELECTED, shades, View } = await import(
  new URL("maplogic.js", page)
);
const { rgb } = await import(new URL("mapdraw.js", page));
const { percent } = await import(new URL("dom.js", page));
const { TILE_KEYS } = await import(new URL("grid.js", page));

const question = (point, suggestion = null) => ({ point, suggestion, item: { point } });
const points = (questions) => questions.map((entry) => entry.point);
const key = (name, more = {}) => ({ key: name, shiftKey: false, ...more });

// The deck

test("the first question is shown, the others lie ready", () => {
  const deck = new Deck();
  deck.offer([question(1), question(2), question(3)]);
  assert.equal(deck.shown.point, 1);
  assert.deepEqual(points(deck.ready), [2, 3]);
});

test("an answer brings the next question before the server has spoken", () => {
  const deck = new Deck();
  deck.offer([question(1), question(2), question(3)]);
  deck.leave({ kind: "answer" });
  assert.equal(deck.shown.point, 2);
});

test("what is shown stays, and better questions take the places behind it", () => {
  const deck = new Deck();
  deck.offer([question(1), question(2), question(3)]);
  deck.leave({ kind: "answer" });
  deck.offer([question(2), question(7), question(8)]);
  assert.equal(deck.shown.point, 2);
  assert.deepEqual(points(deck.ready), [7, 8]);
});

test("questions whose answers are on their way are not asked again", () => {
  const deck = new Deck();
  deck.offer([question(1), question(2), question(3)]);
  deck.leave({ kind: "answer" });
  deck.leave({ kind: "answer" });
  deck.offer([question(2), question(3), question(4)], new Set([2]));
  assert.equal(deck.shown.point, 3);
  assert.deepEqual(points(deck.ready), [4]);
});

test("a question that was answered in another tab gives way", () => {
  const deck = new Deck();
  deck.offer([question(1), question(2)]);
  deck.offer([question(5), question(6)]);
  assert.equal(deck.shown.point, 5);
});

test("a third question that was replaced meanwhile stays while it is shown", () => {
  const deck = new Deck();
  deck.offer([question(1), question(2), question(3)]);
  deck.leave({ kind: "answer" });
  deck.leave({ kind: "answer" });
  deck.offer([question(2), question(7), question(8)], new Set([2]));
  deck.offer([question(7), question(8)]);
  assert.equal(deck.shown.point, 3);
  assert.deepEqual(points(deck.ready), [7, 8]);
  deck.leave({ kind: "answer" });
  assert.equal(deck.shown.point, 7);
});

test("a suggestion that comes later appears, and one that is there does not change", () => {
  const deck = new Deck();
  deck.offer([question(1), question(2)]);
  deck.offer([question(1, { class_id: 3 }), question(2)]);
  assert.equal(deck.shown.suggestion.class_id, 3);
  deck.offer([question(1, { class_id: 4 }), question(2)]);
  assert.equal(deck.shown.suggestion.class_id, 3);
});

test("a question that is a check by now shows no suggestion, nor words that speak for it", () => {
  const old = (point) => ({ ...question(point, { class_id: 5 }), item: { point, words: [{ start: 0, end: 3, weight: 1 }] } });
  const check = (point) => ({ ...question(point), item: { point, words: [] } });
  const deck = new Deck();
  deck.offer([question(1), question(2), old(3), old(4)]);
  deck.leave({ kind: "answer" });
  deck.leave({ kind: "answer" });
  const shown = deck.shown;
  assert.deepEqual([shown.point, shown.suggestion.class_id], [3, 5]);
  deck.offer([check(4)], new Set([2])); // behind the one that is shown, with an act on its way
  assert.deepEqual(deck.ready, [check(4)]);
  deck.offer([question(7), question(8)]); // no longer offered, it stays
  deck.offer([question(7), check(3)]);
  assert.equal(deck.shown, shown); // the same, for what is typed about it
  assert.deepEqual(deck.shown, check(3));
});

test("undo brings back the question, redo goes on from it", () => {
  const deck = new Deck();
  deck.offer([question(1), question(2), question(3)]);
  deck.leave({ kind: "answer", class_id: 0 });
  deck.leave({ kind: "answer", class_id: 1 });
  assert.equal(deck.undo().act.class_id, 1);
  assert.equal(deck.shown.point, 2);
  assert.deepEqual(points(deck.ready), [3]);
  assert.equal(deck.undo().act.class_id, 0);
  assert.equal(deck.shown.point, 1);
  assert.equal(deck.undo(), null);
  assert.equal(deck.redo().act.class_id, 0);
  assert.equal(deck.shown.point, 2);
  assert.equal(deck.redo().act.class_id, 1);
  assert.equal(deck.shown.point, 3);
  assert.equal(deck.redo(), null);
});

test("a new answer ends what could be done again", () => {
  const deck = new Deck();
  deck.offer([question(1), question(2)]);
  deck.leave({ kind: "answer" });
  deck.undo();
  deck.leave({ kind: "skip" });
  assert.equal(deck.redo(), null);
});

test("an empty deck shows nothing, and shows what comes", () => {
  const deck = new Deck();
  deck.offer([]);
  assert.equal(deck.shown, null);
  deck.offer([question(4)]);
  assert.equal(deck.shown.point, 4);
});

// The outbox

class Storage {
  constructor() {
    this.kept = new Map();
  }
  get length() {
    return this.kept.size;
  }
  key(place) {
    return [...this.kept.keys()][place];
  }
  getItem(name) {
    return this.kept.get(name) ?? null;
  }
  setItem(name, value) {
    this.kept.set(name, value);
  }
  removeItem(name) {
    this.kept.delete(name);
  }
}

function outbox({ storage = new Storage(), send, ...more } = {}) {
  let made = 0;
  const timers = [];
  const tab = Math.random();
  const box = new Outbox({
    storage,
    send,
    random: () => `key-${tab}-${(made += 1)}`,
    later: (call) => timers.push(call),
    ...more,
  });
  return { box, storage, timers };
}
const settled = () => new Promise((done) => setImmediate(done));
const lost = () => Promise.reject(new TypeError("failed to fetch"));
const refused = (status, message = "no") => Promise.reject(Object.assign(new Error(message), { status }));

test("an act is stored before it is sent, and forgotten when it is acknowledged", async () => {
  let answer;
  const { box, storage } = outbox({ send: () => new Promise((done) => (answer = done)) });
  box.open("f");
  box.put("answer", { point: 1 });
  assert.equal(storage.length, 1);
  assert.deepEqual([...box.points()], [1]);
  answer({});
  await settled();
  assert.equal(storage.length, 0);
  assert.equal(box.waiting.length, 0);
});

test("acts are sent in order, one at a time", async () => {
  const sent = [];
  const { box } = outbox({ send: async (path, body) => void sent.push([path, body.point]) });
  box.open("f");
  box.put("answer", { point: 1 });
  box.put("undo", {});
  box.put("answer", { point: 2 });
  await settled();
  assert.deepEqual(sent, [["answer", 1], ["undo", undefined], ["answer", 2]]);
});

test("without a connection acts wait, and are sent with the same keys when it is back", async () => {
  const keys = [];
  let there = false;
  const { box, storage, timers } = outbox({
    send: (path, body) => {
      keys.push(body.key);
      return there ? Promise.resolve({}) : lost();
    },
  });
  box.open("f");
  box.put("answer", { point: 1 });
  box.put("answer", { point: 2 });
  await settled();
  assert.equal(box.waiting.length, 2);
  assert.equal(storage.length, 2);
  assert.equal(box.failures, 1);
  there = true;
  timers.pop()();
  await settled();
  assert.equal(box.waiting.length, 0);
  assert.equal(storage.length, 0);
  assert.equal(keys[0], keys[1]);
  assert.equal(new Set(keys).size, 2);
});

test("after a reload, what was left is sent first", async () => {
  const storage = new Storage();
  const first = outbox({ storage, send: lost });
  first.box.open("f");
  first.box.put("answer", { point: 1 });
  first.box.put("answer", { point: 2 });
  await settled();
  const sent = [];
  const second = outbox({ storage, send: async (path, body) => void sent.push(body.point) });
  assert.equal(second.box.open("f"), 2);
  second.box.put("answer", { point: 3 });
  await settled();
  assert.deepEqual(sent, [1, 2, 3]);
  assert.equal(storage.length, 0);
});

test("acts of another file stay where they are", async () => {
  const storage = new Storage();
  const first = outbox({ storage, send: lost });
  first.box.open("one");
  first.box.put("answer", { point: 1 });
  await settled();
  const second = outbox({ storage, send: async () => ({}) });
  assert.equal(second.box.open("another"), 0);
  assert.equal(storage.length, 1);
});

test("an act that was half written by a dying browser is dropped", () => {
  const storage = new Storage();
  storage.setItem("fewlabels/f/act/x", '{"path":"ans');
  const { box } = outbox({ storage, send: async () => ({}) });
  assert.equal(box.open("f"), 0);
  assert.equal(storage.length, 0);
});

test("what the server refuses for good is told and not sent again", async () => {
  const told = [];
  const { box } = outbox({ send: () => refused(400, "There is no row 9."), onRefused: (message) => told.push(message) });
  box.open("f");
  box.put("answer", { point: 9 });
  await settled();
  assert.deepEqual(told, ["There is no row 9."]);
  assert.equal(box.waiting.length, 0);
});

test("a server that was started anew, is busy or fails loses nothing", async () => {
  for (const status of [401, 403, 408, 429, 500, 503]) {
    const { box, storage } = outbox({ send: () => refused(status) });
    box.open("f");
    box.put("answer", { point: 1 });
    await settled();
    assert.equal(box.waiting.length, 1, String(status));
    assert.equal(storage.length, 1);
  }
});

test("a browser without storage still sends", async () => {
  const storage = new Storage();
  storage.setItem = () => {
    throw new Error("full");
  };
  const sent = [];
  const { box } = outbox({ storage, send: async (path) => void sent.push(path) });
  box.open("f");
  box.put("answer", { point: 1 });
  await settled();
  assert.deepEqual(sent, ["answer"]);
});

test("a clock that jumps back does not turn the order of a page around", async () => {
  const storage = new Storage();
  const now = Date.now;
  try {
    const first = outbox({ storage, send: lost });
    first.box.open("f");
    let clock = 5000;
    Date.now = () => clock;
    first.box.put("answer", { point: 1 });
    clock = 1000;
    first.box.put("undo", { point: null });
    await settled();
  } finally {
    Date.now = now;
  }
  const sent = [];
  const second = outbox({ storage, send: async (path) => void sent.push(path) });
  second.box.open("f");
  await settled();
  assert.deepEqual(sent, ["answer", "undo"]);
});

// Keys

const CLASSES = [
  { id: 0, name: "cat", key: "1" },
  { id: 1, name: "dog", key: "x" },
  { id: 2, name: "crow", key: null },
];

test("keys are matched by what they write, not by where they are", () => {
  assert.equal(pressed(key("1", { code: "Numpad1" })), "1");
  assert.equal(pressed(key("?", { shiftKey: true, code: "Slash" })), "?");
  assert.equal(pressed(key("A", { shiftKey: false })), "a"); // caps lock
  assert.equal(pressed(key("Z", { ctrlKey: true, shiftKey: true })), "Ctrl+Shift+z");
  assert.equal(pressed(key("z", { metaKey: true })), "Ctrl+z");
  assert.equal(pressed(key("¡", { altKey: true, code: "Digit1" })), "Alt+1");
  assert.equal(pressed(key("Backspace", { shiftKey: true })), "Shift+Backspace");
});

test("composing, repeating and modifiers alone are no keys", () => {
  assert.equal(pressed(key("a", { isComposing: true })), null);
  assert.equal(pressed(key("Process", { keyCode: 229 })), null);
  assert.equal(pressed(key("1", { repeat: true })), null);
  for (const name of ["Shift", "Control", "Dead", "F5", "Unidentified"]) assert.equal(pressed(key(name)), null);
});

test("every class key answers, also one that a command has by default", () => {
  const bound = bindings(CLASSES);
  assert.deepEqual(bound.get("1"), { class: 0 });
  assert.deepEqual(bound.get("x"), { class: 1 });
  assert.equal(keyFor(bound, "skip"), null);
  assert.deepEqual(bound.get("Enter"), { command: "accept" });
});

test("single keys can be switched off; with Alt, and where they are named, they stay", () => {
  const settings = { single_keys: false };
  const bound = bindings(CLASSES, settings);
  assert.equal(bound.get("1"), undefined);
  assert.equal(bound.get("?"), undefined);
  assert.deepEqual(bound.get("Alt+1"), { class: 0 });
  assert.deepEqual(bound.get("Enter"), { command: "accept" });
  assert.equal(keyFor(bound, "help", settings), "Alt+?");
});

test("a key of one's own takes the place of the usual single one", () => {
  const settings = { keys: { undo: "q" } };
  assert.deepEqual(keysOf("undo", settings), ["q", "Backspace", "Ctrl+z"]);
  const bound = bindings(CLASSES, settings);
  assert.deepEqual(bound.get("q"), { command: "undo" });
  assert.equal(bound.get("u"), undefined);
});

test("before there is a class, letters and digits are left for its name", () => {
  const bound = bindings([]);
  for (const name of ["x", "l", "n"]) assert.equal(bound.get(name), undefined);
  assert.deepEqual(bound.get("Alt+x"), { command: "skip" });
  assert.deepEqual(bound.get("?"), { command: "help" });
});

test("only among several people may others hold all that is left", () => {
  assert.equal(isLast({ people: ["ann"], n_left: 3 }), false);
  assert.equal(isLast({ people: ["ann", "bob"], n_left: 3 }), true);
  assert.equal(isLast({ people: ["ann", "bob"], n_left: 300 }), false);
});

test("a key that is taken is not given away", () => {
  const bound = bindings(CLASSES);
  assert.match(collision("1", bound, { command: "why" }), /answers with a class/);
  assert.match(collision("w", bound, { class: 0 }), /Why/);
  assert.equal(collision("1", bound, { class: 0 }), null);
  assert.equal(collision("q", bound, { class: 0 }), null);
});

test("no two commands share a key, and none has a digit", () => {
  const all = Object.values(COMMANDS).flatMap((command) => command.keys);
  assert.equal(new Set(all).size, all.length);
  assert.deepEqual(all.filter((name) => /^\d$/.test(name)), []);
});

test("keys are named as aria-keyshortcuts wants them", () => {
  assert.equal(spoken("Ctrl+z"), "Control+z");
  assert.equal(spoken("+"), "Plus");
  assert.equal(spoken(null), null);
});

// Classes by name, texts, columns, figures

test("a class is found by the beginning of its name, then by a part of it", () => {
  const classes = ["concat", "cat", "Category"].map((name, id) => ({ id, name }));
  assert.deepEqual(found(classes, "cat").map((choice) => choice.name), ["cat", "Category", "concat"]);
  assert.equal(found(classes, "dog").at(-1).id, null);
  assert.equal(found(classes, "").length, 3);
});

test("the words that speak for a suggestion are cut out, and nothing is lost", () => {
  const text = "one two three";
  const cut = pieces(text, [
    { start: 4, end: 7, weight: 0.9 },
    { start: 0, end: 3, weight: 0.1 },
    { start: 5, end: 9, weight: 0.5 },
    { start: 8, end: 99, weight: 0.5 },
    { start: 8, end: 13, weight: -1 },
  ]);
  assert.equal(cut.map((piece) => piece.text).join(""), text);
  assert.deepEqual(cut.map((piece) => piece.strength), [1, 0, 3, 0]);
  assert.deepEqual(pieces("", []), []);
});

test("columns that differ come first", () => {
  const columns = [{ name: "a", differs: false }, { name: "b", differs: true }];
  const { differing, alike } = columnsOf({ columns });
  assert.deepEqual([differing[0].name, alike[0].name], ["b", "a"]);
});

test("the past is told in one unit, and a clock that ran ahead is now", () => {
  assert.equal(ago(1000, 900), "just now");
  assert.equal(ago(0, 59), "just now");
  assert.match(ago(0, 3 * 3600), /3 hr/);
});

test("lengths of time and axes have round figures", () => {
  assert.equal(duration(60), "60 seconds");
  assert.equal(duration(600), "10 minutes");
  assert.equal(duration(7200), "2 hours");
  assert.deepEqual(ticks(40), [0, 10, 20, 30, 40]);
  assert.deepEqual(ticks(3), [0, 1, 2, 3]);
  assert.equal(ticks(9731).at(-1) >= 9731, true);
});

test("nearly all is not all", () => {
  assert.equal(percent(0.996), "> 99 %");
  assert.equal(percent(1), "100 %");
  assert.equal(percent(0.914), "91 %");
});

test("the keys of a grid are one each", () => {
  assert.equal(new Set(TILE_KEYS).size, TILE_KEYS.length);
  assert.equal(TILE_KEYS.length >= 24, true);
});

// The map

/** Numbers from 0 to 1 that are the same each time (mulberry32). */
function numbers(n, seed = 1) {
  let state = seed;
  return Float32Array.from({ length: n }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  });
}

function packed({ positions, label, prediction, doubt }, layout = 7) {
  const n = label.length;
  const buffer = new ArrayBuffer(16 + 13 * n);
  const header = new DataView(buffer);
  header.setUint32(0, 0x464c4d50);
  header.setUint32(4, n, true);
  header.setUint32(12, layout, true);
  new Float32Array(buffer, 16, 2 * n).set(positions);
  new Int16Array(buffer, 16 + 8 * n, n).set(label);
  new Int16Array(buffer, 16 + 10 * n, n).set(prediction);
  new Uint8Array(buffer, 16 + 12 * n, n).set(doubt);
  return buffer;
}

test("a map is taken apart as it was packed, and nothing else is taken for one", () => {
  const given = { positions: [1, 2, 3, 4, 5, 6], label: [-1, 0, 2], prediction: [1, 1, -1], doubt: [0, 9, 255] };
  const map = decode(packed(given));
  assert.equal(map.n, 3);
  assert.equal(map.layout, 7);
  for (const [name, values] of Object.entries(given)) assert.deepEqual(Array.from(map[name]), values);
  // The same layout again comes without its places.
  const whole = packed({ ...given, label: [2, 2, 2] });
  const colours = new Uint8Array([...new Uint8Array(whole, 0, 16), ...new Uint8Array(whole, 16 + 8 * 3)]).buffer;
  const again = decode(colours, map);
  assert.deepEqual(Array.from(again.label), [2, 2, 2]);
  assert.equal(again.positions, map.positions);
  assert.throws(() => decode(colours));
  assert.throws(() => decode(packed(given).slice(0, 50)));
  assert.throws(() => decode(new ArrayBuffer(16)));
});

test("the grid holds each point once, in its cell", () => {
  for (const n of [0, 1, 2, 1000]) {
    const grid = new Grid(numbers(2 * n));
    assert.deepEqual(Array.from(grid.points).sort((a, b) => a - b), Array.from({ length: n }, (_, i) => i));
    grid.points.forEach((i, k) => {
      const cell = grid.cellOf(grid.positions[2 * i], grid.positions[2 * i + 1]);
      assert.equal(grid.starts[cell] <= k && k < grid.starts[cell + 1], true);
    });
  }
});

test("the nearest point is that of a search through all", () => {
  const grid = new Grid(numbers(2000));
  const asked = numbers(200, 5);
  for (let k = 0; k < 200; k += 2) {
    const [x, y, radius] = [asked[k], asked[k + 1], 0.02];
    const far = (i) => Math.hypot(grid.positions[2 * i] - x, grid.positions[2 * i + 1] - y);
    const all = Array.from({ length: 1000 }, (_, i) => i).sort((a, b) => far(a) - far(b));
    const found = grid.nearest(x, y, radius);
    assert.equal(found, far(all[0]) < radius ? all[0] : -1);
  }
});

const boxed = (xa, ya, xb, yb) => [xa, ya, xb, ya, xb, yb, xa, yb];

// A ray to the right crosses the outline an odd number of times.
function inside(polygon, x, y) {
  let odd = false;
  for (let a = 0, b = polygon.length - 2; a < polygon.length; b = a, a += 2) {
    const [xa, ya, xb, yb] = [polygon[a], polygon[a + 1], polygon[b], polygon[b + 1]];
    if (ya > y !== yb > y && x < ((xb - xa) * (y - ya)) / (yb - ya) + xa) odd = !odd;
  }
  return odd;
}

test("a lasso holds what lies within it, whatever its turns", () => {
  const grid = new Grid(numbers(2000));
  const wide = Array.from(numbers(60, 3), (each) => 1.6 * each - 0.3); // beyond all points, and across itself
  for (const polygon of [[0.1, 0.1, 0.9, 0.2, 0.5, 0.5, 0.8, 0.9, 0.2, 0.7], [0, 0, 1, 0, 1, 1, 0.5, 0.2, 0, 1], wide]) {
    const expected = Array.from({ length: 1000 }, (_, i) => i).filter((i) =>
      inside(polygon, grid.positions[2 * i], grid.positions[2 * i + 1]),
    );
    assert.deepEqual(Array.from(grid.within(polygon)), expected);
  }
  assert.deepEqual(Array.from(grid.within([0, 0, 1, 1])), []);
});

test("a box is the same from any corner", () => {
  const grid = new Grid(numbers(2000));
  const one = grid.within(boxed(0.2, 0.3, 0.6, 0.8));
  assert.equal(one.length > 100, true);
  assert.deepEqual(grid.within(boxed(0.6, 0.8, 0.2, 0.3)), one);
});

test("a sample is all of few, about as many as wanted of many, and fair", () => {
  const positions = numbers(40000);
  const grid = new Grid(positions);
  assert.equal(grid.sample(grid.box, 30000).points.length, 20000);
  const { points, seen } = grid.sample(grid.box, 2000);
  assert.equal(seen, 20000);
  assert.equal(Math.abs(points.length - 2000) <= 1, true);
  assert.equal(new Set(points).size, points.length);
  const early = points.filter((i) => i < 10000).length;
  assert.equal(Math.abs(early - 1000) < 200, true);
  const left = { x0: 0, y0: 0, x1: 0.25, y1: 1 };
  assert.equal(Math.abs(grid.sample(left, 1e9).seen - 5000) < 500, true);
});

test("clusters are the hills of the density, named by most of their points", () => {
  const n = 3000;
  const spread = numbers(2 * n);
  const positions = spread.map((value, k) => value * 6 + (k % 2 === 0 ? [0, 20, 40][(k / 2) % 3] : 0));
  const label = new Int16Array(n).fill(-1);
  const prediction = Int16Array.from({ length: n }, (_, i) => (i % 3 === 2 ? -1 : i % 30 === 0 ? 5 : i % 3));
  const map = { n, positions, label, prediction };
  const found = clusters(map, new Grid(positions));
  assert.equal(found.length, 3);
  for (const cluster of found) {
    const points = cluster.points();
    assert.equal(points.length, 1000);
    assert.equal(new Set(points.map((i) => i % 3)).size, 1);
    const of = points[0] % 3;
    assert.equal(cluster.id, of === 2 ? null : of);
    assert.equal(cluster.share, of === 0 ? 0.9 : 1);
  }
  assert.deepEqual(clusters({ ...map, n: 0, positions: new Float32Array() }, new Grid(new Float32Array())), []);
});

test("a colour says the label, else the prediction, else nothing; or the doubt", () => {
  const map = { n: 4, label: [-1, 3, -1, 13], prediction: [2, 1, -1, 0], doubt: [0, 0, 255, 0] };
  assert.deepEqual(Array.from(shades(map, "prediction", 12)), [3, 4 | LABELLED, 0, 2 | LABELLED]);
  assert.deepEqual(Array.from(shades(map, "label", 12)), [0, 4 | LABELLED, 0, 2 | LABELLED]);
  assert.deepEqual(Array.from(shades(map, "doubt", 12)), [13, 13 | LABELLED, 28, 13 | LABELLED]);
  assert.equal(shades(map, "label", 12, [2])[2], SELECTED);
});

test("a view keeps under the pointer what lies there", () => {
  const view = new View(800, 600);
  view.fit(bounds([0, 0, 10, 20]));
  const before = view.toData(100, 200);
  view.zoom(3, 100, 200);
  view.toData(100, 200).forEach((value, k) => assert.equal(Math.abs(value - before[k]) < 1e-9, true));
  view.pan(50, -20);
  view.toData(150, 180).forEach((value, k) => assert.equal(Math.abs(value - before[k]) < 1e-9, true));
  view.toPixel(...view.toData(7, 9)).forEach((value, k) => assert.equal(Math.abs(value - [7, 9][k]) < 1e-6, true));
  view.zoom(1e12);
  assert.equal(view.scale, view.most);
});

test("colours are read in both of their spellings", () => {
  assert.deepEqual(rgb("#fff"), [1, 1, 1]);
  assert.deepEqual(rgb("#ff0000"), [1, 0, 0]);
});
