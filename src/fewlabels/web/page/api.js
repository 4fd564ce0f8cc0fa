// Talking to the server: reading, and acts that are never lost and never counted twice.

export class ServerError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const AWAY = "The server can't be reached just now.";

async function ask(path, options) {
  const response = await fetch(`/api/${path}`, options).catch(() => {
    throw new ServerError(0, AWAY);
  });
  if (response.status === 204) return null;
  const kind = response.headers.get("content-type") ?? "";
  if (kind.includes("octet-stream")) return response.arrayBuffer();
  if (kind.includes("html") && response.ok) return response.blob();
  const body = kind.includes("json") ? await response.json() : {};
  if (!response.ok) throw new ServerError(response.status, body.error ?? response.statusText);
  return body;
}

export async function get(path, fields = {}) {
  const asked = Object.entries(fields).filter(([, value]) => value != null);
  const query = asked.length ? `?${new URLSearchParams(asked)}` : "";
  return ask(`${path}${query}`);
}

export const post = (path, body) =>
  ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

// What the server says to an act that it will never take, whenever it is sent.
const REFUSED = new Set([400, 404, 409, 413, 422]);
const WAITS = [500, 1000, 2000, 4000, 8000];

/**
 * Acts on their way to the server, in order. Each is in storage before it is shown as done, until
 * the server has it: no lost connection, reload or crash loses one. Its key makes it count once.
 */
export class Outbox {
  send = post;
  later = (call, wait) => setTimeout(call, wait);
  random = () => crypto.randomUUID();
  waiting = [];
  sending = false;
  failures = 0;
  problem = null;
  born = Date.now();
  written = 0;

  /** Of `storage`; `onReply`, `onRefused` and `onChange` hear what becomes of the acts. */
  constructor(given) {
    Object.assign(this, given);
  }

  /** Take up what an earlier page left; those of another file are not ours. */
  open(file) {
    this.file = file;
    this.prefix = `fewlabels/${file}/act/`;
    const left = [];
    for (let place = 0; place < this.storage.length; place += 1) {
      const name = this.storage.key(place);
      if (!name.startsWith(this.prefix)) continue;
      try {
        left.push({ ...JSON.parse(this.storage.getItem(name)), name });
      } catch {
        this.storage.removeItem(name); // half written by a browser that died: never shown as done
      }
    }
    left.sort((a, b) => a.born - b.born || a.order - b.order);
    // A clock may have been put back since: this page still comes after those before it.
    this.born = Math.max(this.born, ...left.map((act) => act.born + 1));
    this.waiting.unshift(...left);
    this.flush();
    return left.length;
  }

  /** Store an act, and send it as soon as those before it are through. */
  put(path, body) {
    const key = this.random();
    this.written += 1;
    const act = { path, body: { ...body, key, file: this.file }, born: this.born, order: this.written };
    act.name = `${this.prefix}${key}`;
    try {
      const { name, ...kept } = act;
      this.storage.setItem(name, JSON.stringify(kept));
    } catch {
      // Storage is full or forbidden: it is still sent, and only a reload would lose it.
    }
    this.waiting.push(act);
    this.flush();
    return act;
  }

  /** The points of acts that are not stored yet. */
  points() {
    return new Set(this.waiting.flatMap((act) => act.body.points ?? [act.body.point]));
  }

  async flush() {
    if (this.sending || this.paused || !this.waiting.length) return;
    this.sending = true;
    const act = this.waiting[0];
    try {
      const reply = await this.send(act.path, act.body);
      this.forget(act);
      this.failures = 0;
      this.problem = null;
      this.onReply?.(reply, act);
    } catch (error) {
      if (REFUSED.has(error.status)) {
        this.forget(act);
        this.onRefused?.(error.message, act);
      } else {
        this.problem = error.status ? error.message : "";
        this.failures += 1;
        this.wait();
      }
    }
    this.sending = false;
    this.onChange?.(this);
    this.flush();
  }

  wait() {
    this.paused = true;
    this.later(() => this.retry(), WAITS[Math.min(this.failures, WAITS.length) - 1]);
  }

  /** Try again now, because the connection seems to be back. */
  retry() {
    this.paused = false;
    this.flush();
  }

  forget(act) {
    this.waiting = this.waiting.filter((other) => other !== act);
    try {
      this.storage.removeItem(act.name);
    } catch {
      // It may be sent once more after a reload, and counts once.
    }
  }
}

/** A stream of what changes; closed while the page is hidden, so that tabs don't use it up. */
export class Changes {
  constructor(who, onPage, onConnection) {
    Object.assign(this, { who, onPage, onConnection, source: null, timer: null });
    document.addEventListener("visibilitychange", () => this.sync());
    this.sync();
  }

  sync() {
    clearTimeout(this.timer);
    if (document.hidden) {
      this.close();
    } else if (!this.source) {
      const who = this.who();
      const source = new EventSource(`/api/events${who ? `?${new URLSearchParams({ who })}` : ""}`);
      source.onmessage = (event) => {
        this.onConnection(true);
        this.onPage(JSON.parse(event.data));
      };
      source.onerror = () => {
        // After a refusal the browser does not try again by itself.
        this.onConnection(false);
        this.close();
        this.timer = setTimeout(() => this.sync(), 2000);
      };
      this.source = source;
    }
  }

  again() {
    this.close();
    this.sync();
  }

  close() {
    this.source?.close();
    this.source = null;
  }
}
