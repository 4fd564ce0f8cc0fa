// All keys, and what can be changed: the keys, whether single ones are on, suggestions, classes.

import { dialog, h, kbd, mark, shownKey } from "./dom.js";
import { bindings, collision, COMMANDS, isSingle, keysOf, pressed } from "./keys.js";

export function openDialog(app) {
  const body = h("div", { class: "settings" });
  dialog("Keys and settings", body);
  draw();

  function draw() {
    const { classes, settings } = app.state;
    body.replaceChildren(
      h(
        "div",
        { class: "switches" },
        toggle("Single keys", settings.single_keys !== false, "When off, keys of one character need Alt.", (on) => change({ single_keys: on })),
        toggle("Suggestions", settings.suggestions !== false, "Shown with questions, but never at a random check.", (on) => change({ suggestions: on })),
      ),
      h("h3", {}, "Classes"),
      h("ul", { class: "key-list" }, classes.map((entry) => keyRow([mark(entry.id), nameField(entry)], entry.key ? [entry.key] : [], { class: entry.id }, entry.name))),
      h("h3", {}, "The page"),
      h("ul", { class: "key-list" }, Object.entries(COMMANDS).map(([command, { name }]) => keyRow([name], keysOf(command, settings), { command }, name))),
    );
  }

  function toggle(name, on, text, onchange) {
    const box = h("input", { type: "checkbox", checked: on, role: "switch", onchange: () => onchange(box.checked) });
    return h("label", { class: "switch" }, box, h("span", {}, h("strong", {}, name), h("span", { class: "hint" }, text)));
  }

  function nameField(entry) {
    const onchange = ({ target }) => {
      const name = target.value.trim();
      if (name && name !== entry.name) app.act("class", { class_id: entry.id, name }).then(draw);
      else target.value = entry.name;
    };
    return h("input", { type: "text", class: "name-field", value: entry.name, maxlength: 100, "aria-label": `Name of ${entry.name}`, onchange });
  }

  function keyRow(shown, keys, action, name) {
    const button = h(
      "button",
      { class: "plain key-set", "aria-label": `Change the key of ${name}, now ${keys.map(shownKey).join(" or ") || "none"}` },
      keys.length ? keys.map(kbd) : h("span", { class: "hint" }, "no key"),
    );
    button.addEventListener("click", () => listen(button, action));
    return h("li", {}, h("span", { class: "key-name" }, shown), button);
  }

  function listen(button, action) {
    button.replaceChildren(h("span", { class: "hint" }, "Press a key…"));
    button.classList.add("listening");
    const stop = () => {
      button.removeEventListener("keydown", take);
      button.removeEventListener("blur", stop);
      draw();
    };
    const take = (event) => {
      if (event.key === "Tab") return;
      event.preventDefault();
      event.stopPropagation();
      const key = pressed(event);
      if (!key) return;
      if (key === "Escape") return stop();
      const taken = collision(key, bindings(app.state.classes, app.state.settings), action);
      if (taken) return app.notify(taken);
      if (action.class != null && !isSingle(key)) return app.notify("The key of a class is one character.");
      button.removeEventListener("blur", stop);
      if (action.class != null) app.act("class", { class_id: action.class, press: key }).then(draw);
      else change({ keys: { ...app.state.settings.keys, [action.command]: key } });
    };
    button.addEventListener("keydown", take);
    button.addEventListener("blur", stop);
    button.focus();
  }

  async function change(settings) {
    await app.setSettings(settings);
    draw();
  }
}
