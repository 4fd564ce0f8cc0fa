// Where one is: how good the answers are, how sure that is, and what is still to do.

import { bar, count, h, loading, percent, several, soft, svg, title } from "./dom.js";

const FORMATS = {
  csv: "CSV",
  parquet: "Parquet",
  json: "JSON",
  jsonl: "JSON lines",
  "label-studio": "Label Studio",
  prodigy: "Prodigy",
};

export function create(element, app) {
  const body = h("div", {}, loading("Progress"));
  element.append(body);
  let version = null;

  const load = () => {
    version = app.state.version;
    app.read("progress").then(draw).catch(app.failed);
  };

  function draw(progress) {
    const focused = body.querySelector(":focus");
    if (focused && !focused.matches("h1")) return; // nothing moves under whoever types here
    body.replaceChildren(
      title(progress.proven ? "Proven" : "Progress"),
      headline(progress),
      h(
        "div",
        { class: "panels" },
        panel("Accuracy", accuracy(progress)),
        panel("Learning curve", curve(progress.curve, progress.advice?.wanted)),
        panel("Shares of the classes", shares(progress.shares)),
        panel("Export", exports()),
      ),
    );
    if (focused) body.querySelector("h1").focus();
  }

  function headline({ proven, sentence, now, counted, advice }) {
    return h(
      "div",
      { class: proven ? "panel lead proven-lead" : "panel lead" },
      h("p", { class: "lead-sentence" }, sentence ?? (now ? `About ${percent(now[1])} of the answers seem right.` : "Too early to say how good the answers are.")),
      soft(counted),
      h("ul", { class: "reasons-said" }, [...(advice?.reasons ?? []), ...app.state.notes].map((said) => h("li", {}, said))),
      h("div", { class: "buttons" }, proven
        ? [h("a", { class: "button main", href: "/api/export?format=csv", download: "" }, "Export the labels"), report()]
        : h("a", { class: "button main", href: "#ask" }, "Keep labelling")),
    );
  }

  /** The report is made by the model's own thread, which may take a while. */
  function report() {
    const button = h("button", { class: "button", onclick: write }, "Write the report");
    async function write() {
      button.disabled = true;
      button.textContent = "Writing the report…";
      try {
        const href = URL.createObjectURL(await app.read("report"));
        h("a", { href, download: `${app.state.name}-report.html` }).click();
        app.say("The report is written.");
      } catch (error) {
        app.failed(error);
      }
      button.disabled = false;
      button.textContent = "Write the report";
    }
    return button;
  }

  function accuracy({ accuracy: known, advice, proof, seconds_a_label: pace }) {
    const rows = [];
    const wanted = advice?.wanted ?? app.state.settings.accuracy;
    if (known && known.high - known.low < 0.9) {
      rows.push(scale(known, wanted));
      rows.push(
        soft(`Between ${percent(known.low)} and ${percent(known.high)} are right, judged by ${several(known.n_checks, "random check")}, with ${percent(known.confidence)} confidence, however often you look.`),
      );
    } else {
      rows.push(soft("Random checks among the questions will tell. They come without a suggestion."));
    }
    const facts = [];
    const needed = advice?.labels_needed;
    if (needed && needed[1] > 0) facts.push(["Labels still needed, about", `${count(needed[1])}${pace ? ` (${duration(needed[1] * pace)})` : ""}`]);
    if (advice?.checks_needed) facts.push(["Checks needed for a proof", count(advice.checks_needed)]);
    if (proof?.is_on) facts.push(["Proof", `${proof.n_right} of ${several(proof.n_checks, "check")} right`]);
    rows.push(h("dl", { class: "facts-list" }, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
    const onchange = () => {
      const share = Number(input.value) / 100;
      if (share >= 0.5 && share < 1) app.setSettings({ accuracy: share }).then(() => { input.blur(); load(); });
    };
    const input = h("input", { type: "number", min: 50, max: 99.9, step: 0.5, value: Math.round(wanted * 1000) / 10, id: "wanted", onchange });
    rows.push(h("p", { class: "inline" }, h("label", { for: "wanted" }, "Wanted accuracy, in %"), input));
    return rows;
  }

  function shares(found) {
    found = found?.filter((row) => row.share != null);
    if (!found?.length) return soft("Shown after the first random checks.");
    found.sort((a, b) => b.share - a.share);
    return h("ul", { class: "bars" }, found.map(({ class_id: id, share, low, high }) =>
      h("li", {}, app.chip(id), bar(share, { low, high, id }))));
  }

  function exports() {
    return [
      soft("Your labels, the model's answers, and how sure they are."),
      h("div", { class: "buttons" }, Object.entries(FORMATS).map(([name, label]) =>
        h("a", { class: "button", href: `/api/export?format=${name}`, download: "" }, label)), report()),
    ];
  }

  load();
  return {
    update() {
      if (app.state.version === version) return;
      clearTimeout(this.timer);
      this.timer = setTimeout(load, 400);
    },
    destroy() {
      clearTimeout(this.timer);
    },
  };
}

const panel = (name, content) => h("section", { class: "panel" }, h("h2", {}, name), content);

/** A length of time as people say it. */
export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} seconds`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} minutes`;
  return `${Math.round(seconds / 360) / 10} hours`;
}

/** An interval of accuracy on a line from half to all, with the accuracy that is wanted. */
function scale({ low, high, share }, wanted) {
  const from = Math.min(0.5, Math.floor(low * 10) / 10);
  const at = (value) => 8 + ((value - from) / (1 - from)) * 384;
  return svg(
    "svg",
    { class: "scale", viewBox: "0 0 400 58", role: "img", "aria-label": `From ${percent(low)} to ${percent(high)}; wanted: ${percent(wanted)}` },
    svg("line", { class: "axis", x1: 8, x2: 392, y1: 28, y2: 28 }),
    svg("line", { class: "interval", x1: at(low), x2: at(high), y1: 28, y2: 28 }),
    svg("circle", { class: "point", cx: at(share), cy: 28, r: 6 }),
    svg("line", { class: "wanted", x1: at(wanted), x2: at(wanted), y1: 12, y2: 44 }),
    svg("text", { x: at(wanted), y: 8, "text-anchor": "middle" }, `wanted ${percent(wanted)}`),
    svg("text", { x: 8, y: 55 }, percent(from)),
    svg("text", { x: 392, y: 55, "text-anchor": "end" }, "100 %"),
  );
}

/** Round figures for an axis that ends at or above `most`. */
export function ticks(most) {
  const rough = Math.max(most, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const found = [];
  for (let at = 0; at < most + step; at += Math.max(step, 1)) found.push(at);
  return found;
}

function curve(points, wanted) {
  if (!points || points.length < 2) return soft("Drawn after the first random checks.");
  const [left, right, top, bottom] = [44, 452, 12, 196];
  const last = points.at(-1);
  const across = ticks(last.n_labels);
  const low = Math.max(0, Math.floor(Math.min(...points.map((p) => p.share), wanted ?? 1) * 10 - 0.5) / 10);
  const x = (n) => left + (n / across.at(-1)) * (right - left);
  const y = (share) => bottom - ((share - low) / (1 - low)) * (bottom - top);
  const line = points.map((p, place) => `${place ? "L" : "M"}${x(p.n_labels).toFixed(1)} ${y(p.share).toFixed(1)}`).join("");
  const levels = [low, (1 + low) / 2, 1];
  return svg(
    "svg",
    {
      class: "curve",
      viewBox: "0 0 460 236",
      role: "img",
      "aria-label": `Accuracy by labels: ${percent(points[0].share)} at ${points[0].n_labels}, ${percent(last.share)} at ${last.n_labels}.`,
    },
    levels.map((level) => [
      svg("line", { class: "grid-line", x1: left, x2: right, y1: y(level), y2: y(level) }),
      svg("text", { x: left - 8, y: y(level) + 4, "text-anchor": "end" }, percent(level)),
    ]),
    across.map((n) => svg("text", { x: x(n), y: bottom + 20, "text-anchor": "middle" }, count(n))),
    svg("text", { x: (left + right) / 2, y: bottom + 38, "text-anchor": "middle" }, "labels"),
    wanted != null && svg("line", { class: "wanted", x1: left, x2: right, y1: y(wanted), y2: y(wanted) }),
    svg("path", { class: "curve-line", d: line }),
    svg("circle", { class: "point", cx: x(last.n_labels), cy: y(last.share), r: 5 }),
  );
}
