// Which key does what: plain data and functions, without the page.

/** What the page can do, with its keys: the first is shown; all but single characters stay on. */
export const COMMANDS = {
  accept: { name: "Take the suggestion", keys: ["Enter"] },
  undo: { name: "Undo", keys: ["Backspace", "u", "Ctrl+z"] },
  redo: { name: "Redo", keys: ["Shift+Backspace", "r", "Ctrl+y", "Ctrl+Shift+z"] },
  skip: { name: "Can't say", keys: ["x"] },
  later: { name: "Later", keys: ["l"] },
  add: { name: "New class, or find one by name", keys: ["n", "+"] },
  why: { name: "Why this suggestion", keys: ["w"] },
  past: { name: "Past answers", keys: ["p"] },
  grid: { name: "Confirm a neighbourhood", keys: ["g"] },
  hide: { name: "Show or hide suggestions", keys: ["h"] },
  zoom: { name: "Zoom the picture", keys: ["z"] },
  search: { name: "Search", keys: ["/"] },
  ask: { name: "Back to the question", keys: ["Escape"] },
  help: { name: "Keys and settings", keys: ["?"] },
};

const NAMED = new Set(["Enter", "Backspace", "Delete", "Escape", "Tab", " "]);

/** One word for what was pressed; null where it is none of ours. */
export function pressed(event) {
  if (event.isComposing || event.keyCode === 229 || event.repeat) return null;
  const key = event.key;
  if (!key || key === "Dead" || key === "Unidentified" || key === "Process") return null;
  const named = key.length > 1 || key === " ";
  if (named && !NAMED.has(key) && !key.startsWith("Arrow")) return null;
  const shift = event.shiftKey ? "Shift+" : "";
  if (event.ctrlKey || event.metaKey) return `Ctrl+${shift}${key.toLowerCase()}`;
  if (event.altKey) {
    // Alt makes other signs of letters on some keyboards: there the key's place tells.
    const place = /^(?:Digit|Key)(.)$/.exec(event.code ?? "");
    return `Alt+${(place ? place[1] : key).toLowerCase()}`;
  }
  if (named) return `${shift}${key}`;
  // Caps lock is no wish for another key.
  return event.shiftKey ? key : key.toLowerCase();
}

export const isSingle = (key) => [...key].length === 1;
export const isLetter = (key) => /^[\p{L}\p{N}]$/u.test(key);

/** The keys of a command, as this person has them; the changed one comes first. */
export function keysOf(command, settings = {}) {
  const own = settings.keys?.[command];
  const usual = COMMANDS[command].keys;
  return own ? [own, ...usual.filter((key) => !isSingle(key))] : usual;
}

/**
 * What each key does: Map of key to {class} or {command}. Classes come before commands, so that
 * the key on a label is always right. Single characters can be switched off: with Alt they stay.
 * While there is no class, letters begin the name of the first.
 */
export function bindings(classes, settings = {}) {
  const found = new Map();
  const single = settings.single_keys !== false;
  const add = (key, action) => {
    const wanted = isSingle(key) ? (single && (classes.length || !isLetter(key)) ? [key, `Alt+${key}`] : [`Alt+${key}`]) : [key];
    for (const name of wanted) if (!found.has(name)) found.set(name, action);
  };
  for (const entry of classes) if (entry.key) add(entry.key, { class: entry.id });
  for (const command of Object.keys(COMMANDS)) {
    for (const key of keysOf(command, settings)) add(key, { command });
  }
  return found;
}

/** The key to show on a command, or null where none reaches it. */
export function keyFor(bound, command, settings = {}) {
  for (const key of keysOf(command, settings)) {
    for (const name of [key, `Alt+${key}`]) if (bound.get(name)?.command === command) return name;
  }
  return null;
}

/** Why a key can't be given to something, as a sentence, or null. */
export function collision(key, bound, action) {
  const taken = bound.get(key);
  if (!taken || (taken.command && taken.command === action.command)) return null;
  if (taken.class != null && taken.class === action.class) return null;
  return taken.class != null
    ? `${key} already answers with a class.`
    : `${key} already means: ${COMMANDS[taken.command].name}.`;
}

/** The names of the keys for screen readers, as aria-keyshortcuts writes them. */
export const spoken = (key) =>
  key && key.replace("Ctrl+", "Control+").replace(/(^|\+)\+$/, "$1Plus").replace(/^ $/, "Space");
