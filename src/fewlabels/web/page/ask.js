// The question: one card, the classes under it, and one key from each question to the next.

import { aside, chip, empty, h, kbd, mark, percent, set } from "./dom.js";
import { described, large } from "./item.js";
import { COMMANDS, isLetter, keyFor, spoken } from "./keys.js";

/**
 * The questions of a page: the one that is shown, those ready behind it, and what was answered.
 * Plain state without the page. What is shown changes by itself only where it was answered elsewhere.
 */
export class Deck {
  constructor() {
    this.shown = null;
    this.ready = [];
    this.past = [];
    this.undone = [];
    this.firm = new Set();
  }

  /** Take the server's questions; `waiting` are points whose answers are still on their way. */
  offer(questions, waiting = new Set()) {
    const open = questions.filter((question) => !waiting.has(question.point));
    const same = open.find((question) => question.point === this.shown?.point);
    // These stay until they are answered; a third that is shown by now may be missing.
    for (const { point } of questions.slice(0, 2)) this.firm.add(point);
    if (waiting.size) {
      // What the server says of later questions is older than what was done here.
      this.ready = this.ready.map((q) => open.find(({ point }) => point === q.point) ?? q);
      this.ready.push(...open.filter((question) => question !== same && !this.ready.includes(question)));
    } else {
      this.ready = open.filter((question) => question !== same);
      if (!same && this.firm.has(this.shown?.point)) this.shown = null; // answered elsewhere
    }
    // What was shown becomes no other; at a check there is none, nor words that speak for it.
    if (same && !(same.suggestion && this.shown.suggestion)) Object.assign(this.shown, same);
    if (!this.shown) this.shown = this.ready.shift() ?? null;
    return this.shown;
  }

  /** Leave the shown question, done with as `act` says; the next one is shown. */
  leave(act) {
    this.past.push({ question: this.shown, act });
    this.undone = [];
    this.next();
  }

  next() {
    this.shown = this.ready.shift() ?? null;
  }

  /** Bring the last question back, if this page knows it. */
  undo() {
    const last = this.past.pop();
    if (!last) return null;
    this.undone.push(last);
    this.show(last.question);
    return last;
  }

  /** Do again what was undone. */
  redo() {
    const again = this.undone.pop();
    if (!again) return null;
    if (this.shown?.point !== again.question.point) this.show(again.question);
    this.past.push(again);
    this.next();
    return again;
  }

  /** Show a question now; the one that was shown comes after it. */
  show(question) {
    if (this.shown?.point === question.point) return;
    this.ready = this.ready.filter((other) => other.point !== question.point);
    if (this.shown) this.ready.unshift(this.shown);
    this.shown = question;
  }
}

/** Whether others may hold all that is left: each has some questions ready. */
export const isLast = ({ people, n_left: n }) => people.length > 1 && n <= 12 * people.length;

/** What is said where no row is left. */
export const finished = ({ n_skipped: n }) =>
  empty(
    "Nothing is left to ask",
    `Every row has a label${n ? ", or was skipped" : ""}.`,
    h("a", { class: "button", href: "#progress" }, "See the results"),
  );

export function createAsk(element, app) {
  const deck = app.deck;
  const card = h("section", { class: "card", "aria-label": "Question" });
  const prompt = h("div", { class: "prompt" });
  const group = h("div", { class: "classes", role: "radiogroup", "aria-label": "Classes" });
  const tools = h("div", { class: "tools" });
  const made = new Map(); // elements of questions, made before they are shown
  let shownAt = performance.now();
  let onCard = null;
  let drawnClasses = "";
  let drawnTools = "";
  let moved = false; // the focus was moved to a class by hand for this question
  element.append(h("div", { class: "ask" }, card, prompt, group, tools));
  card.addEventListener("error", () => setTimeout(show), true);

  // Elements of questions

  /** Nothing is suggested of a picture that nobody can see. */
  const suggested = (question) => (card.querySelector(".broken") ? null : question?.suggestion);

  const keyOfMade = ({ point, suggestion, item }) =>
    JSON.stringify([point, suggestion?.class_id, item.words]);

  function prepare(question) {
    const kept = made.get(question.point);
    const key = keyOfMade(question);
    if (kept?.key === key) return kept.element;
    const body = large(question.item);
    body.image?.decode?.().catch(() => {}); // decoded before its turn; a failure is shown there
    made.set(question.point, { key, element: body });
    return body;
  }

  /** Make what comes next ready, and forget what has gone. */
  function tidy() {
    for (const question of deck.ready) prepare(question);
    const wanted = new Set([deck.shown, ...deck.ready].map((q) => q?.point));
    for (const point of made.keys()) if (!wanted.has(point)) made.delete(point);
  }

  // What is shown

  function show(came) {
    const question = deck.shown;
    if (question?.point !== onCard?.point) {
      shownAt = performance.now();
      moved = false;
      if (came) app.pause();
    }
    onCard = question;
    set(card, { "data-point": question?.point });
    const body = question ? prepare(question) : nothing();
    if (card.firstChild !== body) {
      card.replaceChildren(body);
      body.scrollTop = 0;
    }
    showPrompt(question);
    showClasses(question);
    showTools();
  }

  function nothing() {
    if (app.outbox.waiting.length) {
      return empty("Waiting for the server", "What you answered is kept here, and is sent when the connection is back.");
    }
    if (!app.state.n_left) return finished(app.state);
    if (isLast(app.state)) return empty("No question just now", "The rest are with other people, or set aside for later.");
    return h("p", { class: "empty" }, "The next question is being chosen…");
  }

  function showPrompt(question) {
    const suggestion = suggested(question);
    if (!suggestion) {
      prompt.replaceChildren(question && !app.state.classes.length
        ? h("button", { class: "button", onclick: () => nameClass() }, "Type the name of its class.")
        : h("span", { class: "prompt-text" }, question ? "Which class is it?" : ""));
      return;
    }
    const key = keyFor(app.bound, "accept", app.state.settings);
    const { classes } = app.state;
    // A share of so few labels says nothing.
    const few = question.item.doubt === "too few labels" || classes.find(({ id }) => id === suggestion.class_id)?.n < 2;
    const onclick = () => answer(suggestion.class_id);
    prompt.replaceChildren(
      h(
        "button",
        { class: "suggestion", "aria-keyshortcuts": spoken(key), onclick },
        kbd(key),
        h("span", { class: "unseen" }, "Take the suggestion: "),
        chip(classes, suggestion.class_id),
        few ? null : aside(percent(suggestion.confidence)),
      ),
    );
  }

  function showClasses(question) {
    const { classes, settings } = app.state;
    const wanted = JSON.stringify([classes.map(({ id, name, key }) => [id, name, key]), settings.single_keys]);
    if (wanted !== drawnClasses) {
      drawnClasses = wanted;
      group.replaceChildren(...classes.map(classButton));
      group.classList.toggle("many", classes.length > 14);
      const lines = Math.ceil(classes.length / 7);
      group.style.setProperty("--columns", Math.ceil(classes.length / lines) || 1);
    }
    const wantedId = suggested(question)?.class_id;
    let stop = 0;
    [...group.children].forEach((button, place) => {
      const is = Number(button.dataset.id) === wantedId;
      button.classList.toggle("suggested", is);
      button.ariaChecked = "false";
      button.ariaDisabled = !question;
      if (is) stop = place;
    });
    rove(stop, group.contains(document.activeElement));
  }

  function classButton(entry) {
    const key = [entry.key, `Alt+${entry.key}`].find((name) => app.bound.get(name)?.class === entry.id);
    const shown = entry.key && key;
    return h(
      "button",
      {
        class: "class",
        role: "radio",
        "aria-checked": "false",
        "aria-keyshortcuts": shown ? spoken(key) : null,
        "data-id": entry.id,
        tabindex: "-1",
        title: entry.name.length > 18 ? entry.name : null,
        onclick: () => answer(entry.id),
      },
      shown ? kbd(key) : h("kbd", { class: "no-key", "aria-hidden": "true" }),
      mark(entry.id),
      h("bdi", { class: "class-name" }, entry.name),
    );
  }

  function rove(place, focus) {
    [...group.children].forEach((button, index) => (button.tabIndex = index === place ? 0 : -1));
    if (focus) group.children[place]?.focus({ preventScroll: false });
  }

  group.addEventListener("keydown", (event) => {
    const buttons = [...group.children];
    const at = buttons.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const ends = { Home: 0, End: buttons.length - 1 }[event.key];
    if (at >= 0 && (step || ends != null)) {
      event.preventDefault();
      event.stopPropagation();
      moved = true;
      const next = ends ?? (at + step + buttons.length) % buttons.length;
      buttons.forEach((button, place) => (button.ariaChecked = place === next));
      rove(next, true);
    } else if (event.key === "Enter" && !moved && !buttons[at]?.classList.contains("suggested")) {
      // The focus came here by itself: where nothing is suggested, nothing may lean to a class.
      event.preventDefault();
      event.stopPropagation();
      app.say("Choose a class with the arrow keys first.");
    }
  });

  const TOOLS = ["undo", "redo", "skip", "later", "add", "why"];

  function showTools() {
    const { state } = app;
    const usable = {
      undo: state.can_undo || deck.past.length > 0,
      redo: state.can_redo || deck.undone.length > 0,
      skip: !!deck.shown,
      later: !!deck.shown,
      add: true,
      why: !!deck.shown?.suggestion,
    };
    const wanted = JSON.stringify([usable, state.settings, state.classes.map((entry) => entry.key)]);
    if (wanted === drawnTools) return;
    drawnTools = wanted;
    if (!tools.children.length) {
      tools.append(
        ...TOOLS.map((command) =>
          h("button", { class: "plain tool", "data-command": command, onclick: () => run(command) }),
        ),
      );
    }
    const names = { add: "Class…", why: "Why?" };
    for (const button of tools.children) {
      const { command } = button.dataset;
      const key = keyFor(app.bound, command, state.settings);
      button.replaceChildren(names[command] ?? COMMANDS[command].name, " ", kbd(key) ?? "");
      button.disabled = !usable[command];
      set(button, { "aria-keyshortcuts": spoken(key) });
    }
  }

  // What is done

  function answer(classId, question = deck.shown) {
    if (!question || question !== deck.shown || element.ariaBusy) return; // gone, or not seen yet
    const seconds = Math.min(Math.round(performance.now() - shownAt) / 1000, 1e5);
    app.put("answer", { point: question.point, class_id: classId, seconds });
    deck.leave({ kind: "answer", class_id: classId });
    app.state.n_labelled += 1;
    app.state.can_undo = true;
    flash(classId);
    moveOn(`${app.className(classId)}.`);
  }

  function flash(classId) {
    const button = group.querySelector(`[data-id="${classId}"]`);
    if (!button) return;
    button.classList.remove("chosen");
    void button.offsetWidth; // so that the same class twice is seen twice
    button.classList.add("chosen");
  }

  function moveOn(said) {
    show();
    app.showCount();
    const next = deck.shown;
    app.say(next ? `${said} Next: ${described(next.item)}` : said);
    tidy();
  }

  function put(path, said) {
    const question = deck.shown;
    if (!question || element.ariaBusy) return;
    app.put(path, { point: question.point });
    deck.leave({ kind: path });
    app.state.can_undo = true;
    moveOn(said);
  }

  function back(step, said) {
    const known = deck[step]();
    app.put(step);
    if (!known) return app.say(said);
    if (known.act.kind === "answer") app.state.n_labelled += step === "undo" ? -1 : 1;
    const word = known.act.class_id == null ? "" : `: ${app.className(known.act.class_id)}`;
    moveOn(`${said}${word}.`);
  }

  function run(command) {
    const shown = deck.shown;
    if (command === "accept") {
      if (suggested(shown)) answer(shown.suggestion.class_id);
      else if (shown) app.say("There is no suggestion here: choose a class.");
    } else if (command === "skip") put("skip", "Skipped.");
    else if (command === "later") put("later", "Set aside for later.");
    else if (command === "undo") {
      if (app.state.can_undo || deck.past.length) back("undo", "Undone");
    } else if (command === "redo") {
      if (app.state.can_redo || deck.undone.length) back("redo", "Redone");
    } else if (command === "add") nameClass();
    else if (command === "zoom") card.firstChild?.zoom?.();
    else if (command === "why") shown?.suggestion && app.why(shown.point);
    else return false;
    return true;
  }

  // A class by its name: one that is there, or a new one

  let naming = null;

  function nameClass(begun = "") {
    if (naming) return;
    const question = deck.shown;
    const list = h("div", { class: "finder-list", id: "finder-list", role: "listbox", "aria-label": "Classes" });
    const input = h("input", {
      type: "text",
      value: begun,
      "aria-label": "Name of the class",
      placeholder: "Name of the class",
      autocomplete: "off",
      maxlength: "100",
      role: "combobox",
      "aria-expanded": "true",
      "aria-controls": "finder-list",
    });
    naming = h("div", { class: "finder" }, input, list);
    let choices = [];
    let at = 0;
    const close = () => {
      naming?.remove();
      naming = null;
    };
    const refresh = () => {
      const typed = input.value.trim().normalize("NFC");
      choices = found(app.state.classes, typed);
      at = Math.min(at, Math.max(choices.length - 1, 0));
      list.replaceChildren(
        ...choices.map((choice, place) => {
          const [is, onclick] = [place === at, () => take(choice)];
          return h(
            "button",
            { class: `finder-choice${is ? " on" : ""}`, role: "option", id: `choice-${place}`, tabindex: "-1", "aria-selected": String(is), onclick },
            choice.id == null ? ["New class ", h("strong", {}, typed)] : app.chip(choice.id),
          );
        }),
      );
      set(input, { "aria-activedescendant": choices.length ? `choice-${at}` : null });
    };
    const take = async ({ id, name }) => {
      close();
      id ??= await app.addClass(name);
      if (id != null) answer(id, question);
    };
    input.addEventListener("input", () => {
      at = 0;
      refresh();
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || event.keyCode === 229) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && choices.length) {
        at = (at + step + choices.length) % choices.length;
        refresh();
      } else if (event.key === "Enter" && choices[at]) take(choices[at]);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    input.addEventListener("blur", () => setTimeout(() => naming?.contains(document.activeElement) || close(), 150));
    element.firstChild.append(naming);
    refresh();
    input.focus();
    input.setSelectionRange(9, 9);
  }

  function press(action, key) {
    if (action.class != null) {
      answer(action.class);
      return true;
    }
    // Enter and the like belong to the button that has the focus.
    const own = document.activeElement;
    if (key === "Enter" && own?.closest("button, a, summary")) {
      if (own.matches(".class") ? moved : !own.matches(".suggestion")) return false;
    }
    return run(action.command);
  }

  show();
  return {
    type(key) {
      if (app.state.classes.length || !deck.shown || !isLetter(key)) return false;
      nameClass(key);
      return true;
    },
    press,
    /** New questions or a new state: what is on the card stays. */
    update() {
      show(true);
      tidy();
    },
    destroy() {
      naming?.remove();
    },
  };
}

/** Classes whose names hold what was typed, those that begin with it first; and a new one. */
export function found(classes, typed) {
  const wanted = typed.toLowerCase();
  const starts = classes.filter((entry) => entry.name.toLowerCase().startsWith(wanted));
  const holds = classes.filter((entry) => !starts.includes(entry) && entry.name.toLowerCase().includes(wanted));
  const choices = [...starts, ...holds].slice(0, 8).map(({ id, name }) => ({ id, name }));
  const exact = classes.some((entry) => entry.name === typed);
  if (typed && !exact) choices.push({ id: null, name: typed });
  return choices;
}
