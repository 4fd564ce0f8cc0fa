// The page: its state, where one is, and what each key means there.

import { AWAY, Changes, Outbox, ServerError, get, post } from "./api.js";
import { createAsk, Deck } from "./ask.js";
import { chip, count, h, loading, searchBox, set, several } from "./dom.js";
import { bindings, pressed } from "./keys.js";

const VIEWS = {
  ask: ["Label", null],
  grid: ["Grid", "./grid.js"],
  review: ["Review", "./review.js"],
  map: ["Map", "./mapview.js"],
  search: ["Search", "./search.js"],
  progress: ["Progress", "./progress.js"],
  people: ["People", "./people.js"],
};

const SEE = ": see Progress.";
const $ = (id) => document.getElementById(id);
const main = $("main");

function storage() {
  try {
    localStorage.setItem("fewlabels/try", "1");
    localStorage.removeItem("fewlabels/try");
    return localStorage;
  } catch {
    // Forbidden: nothing is remembered beyond a reload.
    return { length: 0, getItem: () => null, setItem() {}, removeItem() {} };
  }
}

const kept = storage();

const awaited = new Set(); // by keys
const busy = (what, is) => {
  awaited[is ? "add" : "delete"](what);
  main.ariaBusy = awaited.size ? "true" : null;
};

const app = {
  state: null,
  deck: new Deck(),
  bound: new Map(),
  who: kept.getItem("fewlabels/who") || null,
  view: null,
  viewName: null,
  get,

  /** A body with the name of whoever answers. */
  signed: (body) => (app.who ? { ...body, who: app.who } : body),
  read: (path, fields = {}) => get(path, app.signed(fields)),

  put: (path, body = {}) => app.outbox.put(path, app.signed(body)),

  chip: (id) => chip(app.state.classes, id),

  className(id) {
    if (id == null) return "no label";
    return app.state.classes.find((entry) => entry.id === id)?.name ?? `class ${id}`;
  },

  say(text) {
    $("status").textContent = text;
  },

  /** Tell something that has to be seen; it stays until it is closed, or for a while. */
  notify(text, { stay = false, ms = 6000 } = {}) {
    const notice = $("notice");
    notice.replaceChildren(
      h("span", {}, text),
      h("button", { class: "plain round", "aria-label": "Close", onclick: () => (notice.hidden = true) }, "×"),
    );
    notice.hidden = false;
    app.say(text);
    clearTimeout(app.notifyTimer);
    if (!stay) app.notifyTimer = setTimeout(() => (notice.hidden = true), ms);
  },

  /** Tell what the server said; what is wrong with the page itself is not to be hidden. */
  failed(error) {
    if (!(error instanceof ServerError)) throw error;
    app.notify(error.message);
  },

  showCount() {
    const { n_labelled: n, proven } = app.state;
    $("count").textContent = several(n, "label");
    set($("count"), { "aria-label": `${several(n, "label")} of ${count(app.state.n_points)}: progress` });
    $("count").classList.toggle("proven", !!proven);
  },

  /** Do something at once and wait for its answer: for all that isn't part of the loop. */
  async act(path, body) {
    try {
      const reply = await post(path, app.signed({ ...body, key: crypto.randomUUID(), file: app.state.id }));
      take(reply, true);
      return reply.done;
    } catch (error) {
      app.failed(error);
      return null;
    }
  },

  async addClass(name) {
    const done = await app.act("class", { name });
    return done?.class?.id ?? null;
  },

  setSettings: (settings) => app.act("settings", { settings }),

  why: (point) => openDialog("./why.js", point),

  rename(who) {
    app.who = who || null;
    kept.setItem("fewlabels/who", who);
    app.deck = new Deck();
    app.changes.again();
    refresh();
  },

  /** Go to a view: the next key is meant for it, unless the page leads there, and says why. */
  go(view, why) {
    if (location.hash !== `#${view}`) history[why ? "replaceState" : "pushState"](null, "", `#${view}`);
    open();
    if (!why) return;
    app.pause();
    if ($("notice").hidden) app.notify(why);
  },

  /** What has come by itself isn't meant by keys that were pressed before it could be seen. */
  pause() {
    busy("pause", true);
    clearTimeout(app.pauseTimer);
    app.pauseTimer = setTimeout(() => busy("pause"), 400);
  },
};

app.outbox = new Outbox({
  storage: kept,
  onReply: (reply, act) => {
    take(reply, !app.outbox.waiting.length, act);
    takeHeld();
  },
  onRefused: (message) => {
    app.notify(message, { stay: true });
    refresh();
    refused = true;
  },
  onChange: showConnection,
});

let told = null;
let refused = false; // since a view last read what it shows
function showConnection() {
  const { waiting, failures, problem } = app.outbox;
  if (refused && !waiting.length) {
    refused = false;
    app.view?.reload?.(); // it shows as done what was not
  }
  if (failures && problem !== told) {
    app.notify(`${problem || "No connection."} ${several(waiting.length, "answer")} kept here, to be sent later.`, { stay: true });
  } else if (!failures && told != null) {
    app.notify("Connected again. Everything is stored.");
  }
  told = failures ? problem : null;
}

let held = null;

/** Take what the stream told, once no act is on its way of which it may not know. */
function takeHeld() {
  if (!held || (app.outbox.waiting.length && held.state.id === app.state.id)) return;
  take(held, true);
  held = null;
}

/** Take what the server says: the state, unless it is older than the one we have; questions. */
function take(reply, current, act) {
  if (!reply) return;
  // Another file took the place of this one: what waits is kept for when its own is back.
  if (app.state && reply.state.id !== app.state.id) return location.reload();
  app.usual = reply.who;
  const old = app.state && reply.state.version < app.state.version;
  if (old && !act) return;
  const undone = STEPS.includes(act?.path) ? reply.done?.done : undefined;
  if (!old) {
    if (!current && app.state) {
      // Answers on their way are counted here already.
      reply.state.n_labelled = app.state.n_labelled;
      reply.state.can_undo ||= app.state.can_undo;
    }
    const own = JSON.stringify([reply.state.classes.map((c) => [c.id, c.key, c.name]), reply.state.settings]);
    app.state = reply.state;
    if (own !== app.ownKeys) {
      app.ownKeys = own;
      app.bound = bindings(app.state.classes, app.state.settings);
    }
  }
  const { proven, advice } = app.state;
  const news = proven ? "The accuracy you wanted is proven" : advice?.action === "check" && "Only random checks now, for a proof";
  if (news && news !== (app.news ?? news)) app.notify(news + SEE, { ms: 10000 });
  app.news = news;
  const left = reply.done?.left?.length;
  if (left) app.notify(`${several(left, "row")} left out: labelled already, or being asked about.`);
  const before = app.deck.shown;
  if (undone === null) app.say(act.path === "undo" ? "Nothing to undo." : "Nothing to redo.");
  else if (undone && current) showTouched(act, undone, reply);
  if (!old) app.deck.offer(reply.questions, app.outbox.points());
  if (before && app.deck.shown?.point !== before.point && !act) {
    app.say("That question was answered elsewhere.");
  }
  showFrame();
  app.view?.update?.();
}

/** After an undo of an earlier sitting: show what it was. */
function showTouched(act, done, reply) {
  const [point] = done.points;
  if (done.n_points > 1) app.notify(`${act.path === "undo" ? "Undone" : "Redone"}: ${several(done.n_points, "label")}.`);
  else if (act.path === "undo" && done.item && app.deck.shown?.point !== point) {
    const known = reply.questions.find((question) => question.point === point);
    if (known) app.deck.show(known);
    else if (done.kind !== "answer") app.notify("Undone.");
  }
}

function showFrame() {
  const { name, stage, problem } = app.state;
  if ($("name").textContent !== name) {
    $("name").textContent = name;
    document.title = `${name} – fewlabels`;
  }
  app.showCount();
  showStage(stage, problem);
}

const STAGES = {
  points: "Reading all rows",
  graph: "Linking similar rows",
  model: "Learning",
  map: "Laying out the map",
};
let stageTimer = null;

/** What is being made, if that takes long enough to be worth a word; what went wrong, at once. */
function showStage(stage, problem) {
  const line = $("stage");
  clearTimeout(stageTimer);
  const show = () => (line.hidden = !stage && !problem);
  if (stage && !problem && line.hidden) stageTimer = setTimeout(show, 700);
  else show();
  if (problem && $("stage-name").textContent !== problem) app.notify(problem, { stay: true });
  $("stage-name").textContent = problem || (stage ? (STAGES[stage.name] ?? stage.name) : "");
  const bar = $("stage-bar");
  bar.hidden = !stage;
  if (!stage) return;
  const share = stage.share == null ? null : Math.round(stage.share * 100);
  bar.classList.toggle("unknown", share == null);
  set(bar, { "aria-valuenow": share, vars: { "--share": stage.share ?? 0 } });
}

const refresh = () =>
  app.read("questions").then((page) => take(page, !app.outbox.waiting.length)).catch(app.failed);

// Where one is

let opening = 0;

async function open() {
  const [wanted, ...rest] = location.hash.slice(1).split("/");
  const name = wanted in VIEWS ? wanted : "ask";
  const [label, module] = VIEWS[name];
  const turn = ++opening;
  $("views").classList.remove("open");
  $("views-button").ariaExpanded = "false";
  $("views-button").textContent = label;
  for (const link of $("views").children) set(link, { "aria-current": link.hash === `#${name}` && "page" });
  if (name === "progress" && $("notice").textContent.includes(SEE)) $("notice").hidden = true;
  busy("pause");
  busy("view", true); // what is typed meanwhile is meant for neither view
  const first = app.viewName === null;
  app.view?.destroy?.();
  app.view = null;
  main.className = `view-${name}`;
  app.viewName = name;
  main.replaceChildren(...(module ? loading(label) : []));
  if (name === "search") {
    // Here before the view, for what is typed at once.
    main.append(app.box = searchBox("Search all rows"));
    if (!rest.length) app.box.focus();
  }
  const made = module ? await import(module).catch(() => app.notify(AWAY)) : { create: createAsk };
  if (turn !== opening) return;
  busy("view");
  if (!made) return;
  main.replaceChildren();
  app.view = made.create(main, app, rest);
  // A reader hears the new heading; a first load keeps the focus where browsers put it.
  if (!first && !main.querySelector(":focus")) (main.querySelector("h1") ?? main).focus();
}

function fillViews() {
  const links = Object.entries(VIEWS).map(([name, [label]]) => h("a", { href: `#${name}` }, label));
  $("views").replaceChildren(...links);
  $("views-button").addEventListener("click", ({ target }) => {
    target.ariaExpanded = $("views").classList.toggle("open");
  });
  addEventListener("hashchange", () => app.state && open());
  // A link that keeps the focus would take the next Enter.
  document.querySelector(".top").addEventListener("click", ({ target }) => target.closest("a") && main.focus());
  // So would a button that was clicked by mouse.
  main.addEventListener("click", ({ detail, target }) => detail && target.closest("button")?.blur(), true);
  document.querySelector(".skip-link").addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
  $("help").addEventListener("click", help);
}

const help = () => openDialog("./settings.js");

/** What is typed meanwhile isn't meant for what it will cover. */
async function openDialog(module, point) {
  busy(module, true);
  const made = await import(module).catch(() => app.notify(AWAY));
  busy(module);
  made?.openDialog(app, point);
}

// Keys

const TYPED = "input, textarea, select, [contenteditable]";

const STEPS = ["undo", "redo"];

/** Undo and redo answer nothing: they don't wait until a question that came could be seen. */
const pausing = () => app.viewName === "ask" && awaited.size === 1 && awaited.has("pause");

addEventListener("keydown", (event) => {
  if (!app.state || event.defaultPrevented) return;
  const key = pressed(event);
  if (!key || document.querySelector("dialog[open]")) return;
  const action = app.bound.get(key);
  if (main.ariaBusy && !(pausing() && STEPS.includes(action?.command))) return;
  if (event.target.closest?.(TYPED)) return;
  if (app.view?.type?.(key)) return event.preventDefault();
  if (!action) return;
  if (app.view?.press?.(action, key) || common(action.command)) event.preventDefault();
});

/** What means the same in every view. */
function common(command) {
  if (command === "help") help();
  else if (command === "grid") app.go("grid");
  else if (command === "search") app.go("search");
  else if (command === "past") app.go("review/past");
  else if (command === "ask" && app.viewName !== "ask") app.go("ask");
  else if (command === "hide") {
    const shown = app.state.settings.suggestions !== false;
    app.setSettings({ suggestions: !shown }).then((done) => done && app.say(`Suggestions are ${shown ? "hidden" : "shown"}.`));
  } else if (STEPS.includes(command) && app.viewName !== "ask") {
    app.put(command);
    app.deck = new Deck();
  } else return false;
  return true;
}

// Begin

async function start() {
  fillViews();
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    try {
      const first = await app.read("questions");
      app.outbox.open(first.state.id);
      take(first, !app.outbox.waiting.length);
      break;
    } catch (error) {
      main.replaceChildren(h("p", { class: "empty" }, error.status ? error.message : "Waiting for the server…"));
      await new Promise((done) => setTimeout(done, wait));
    }
  }
  await open();
  app.changes = new Changes(
    () => app.who,
    (page) => {
      held = page;
      takeHeld();
    },
    (there) => {
      if (there) app.outbox.retry();
    },
  );
  addEventListener("online", () => app.outbox.retry());
}

start();
