// A form that the bot opened, over the page: Slack's modal or Discord's, whichever window it stands in.

import { el, icon } from "./dom.js";

const PATIENCE_MS = 4000; // the platforms wait three seconds for the bot

export class FormView {
  constructor(root, platform, app) {
    this._app = app;
    this._platform = platform;
    this._key = null;
    this._version = null;
    this._fields = [];
    this._title = el("h2", { id: `${platform}-form-title` });
    this._body = el("div", { class: "fields" });
    this._cancel = el("button", { type: "button", class: "cancel", onclick: () => this._close() });
    this._send = el("button", { type: "submit", class: "submit" });
    const shut = el("button", { type: "button", class: "close", "aria-label": "Close the form", onclick: () => this._close() }, icon("close"));
    this._form = el("form", { method: "dialog" }, el("header", {}, this._title, shut), this._body, el("footer", {}, this._cancel, this._send));
    this._form.addEventListener("submit", (event) => { event.preventDefault(); this._submit(); });
    this._dialog = el("dialog", { class: "form", "aria-labelledby": `${platform}-form-title` }, this._form);
    this._dialog.addEventListener("cancel", (event) => { event.preventDefault(); this._close(); });
    root.append(this._dialog);
  }

  update(state) {
    const found = [...state].filter(([key, form]) => key.startsWith(`form/${this._platform}/`) && form.person === this._app.persona).at(-1);
    const [key, form] = found ?? [null, null];
    if (key !== this._key || form?.version !== this._version) this._show(key, form);
    if (form) this._showErrors(form.errors);
  }

  _show(key, form) {
    this._key = key;
    this._version = form?.version ?? null;
    if (!form) return this._dialog.open && this._dialog.close();
    this._title.textContent = form.title;
    this._cancel.textContent = form.close;
    this._send.textContent = form.submit;
    this._wait(false);
    this._shownErrors = "{}";
    this._fields = form.fields.map((each, at) => field(each, `${this._platform}-field-${at}`));
    this._body.replaceChildren(...this._fields.map(({ element }) => element));
    if (!this._dialog.open) this._dialog.showModal();
    this._body.querySelector("input, textarea, select")?.focus();
    return undefined;
  }

  _showErrors(errors) {
    const shown = JSON.stringify(errors);
    if (shown === this._shownErrors) return;
    this._shownErrors = shown;
    this._wait(false);
    for (const { key, error } of this._fields) if (error) error.textContent = errors[key] ?? "";
    this._fields.find(({ key }) => errors[key])?.element.querySelector("input, textarea, select")?.focus();
  }

  async _submit() {
    const sent = this._key;
    this._wait(true);
    const values = {};
    for (const { key, value } of this._fields) {
      if (!value) continue;
      const given = value();
      values[key] = given instanceof FileList ? await this._uploaded(given) : given;
      if (values[key] === null) return this._wait(false);
    }
    const done = await this._app.live.send({ do: "submit", as: this._app.persona, form: sent, values });
    if (!done) return this._wait(false);
    return setTimeout(() => sent === this._key && this._wait(false), PATIENCE_MS);
  }

  async _uploaded(files) {
    const ids = await Promise.all([...files].map((file) => this._app.live.upload(file)));
    return ids.includes(null) ? null : ids;
  }

  _wait(waiting) {
    this._send.disabled = waiting;
    this._form.classList.toggle("is-sending", waiting);
  }

  _close() {
    if (this._key) this._app.live.send({ do: "close", as: this._app.persona, form: this._key });
  }
}

// A field: its element, and what it holds; `kind` as the demo names it.
function field(given, id) {
  if (given.kind === "note") return { key: given.key, element: el("p", { class: "note" }, given.label) };
  const { input, value } = (MAKERS[given.kind] ?? text)(given, id);
  const error = el("p", { class: "problem", role: "alert" });
  const hint = given.hint ? el("p", { class: "hint" }, given.hint) : null;
  const optional = given.required || given.kind === "check" ? null : el("span", { class: "optional" }, " (optional)");
  const grouped = given.kind === "checks";
  const label = el(grouped ? "legend" : "label", grouped ? {} : { for: id }, given.label, optional);
  const element = el(grouped ? "fieldset" : "div", { class: `field ${given.kind}`, "data-field": given.key }, label, input, hint, error);
  return { key: given.key, element, value, error };
}

function text(given, id) {
  const type = { number: "text", date: "date" }[given.kind] ?? "text";
  const input = given.kind === "paragraph" ? el("textarea", { id, rows: 3 }) : el("input", { id, type, inputmode: given.kind === "number" ? "decimal" : null });
  input.maxLength = given.longest;
  input.required = given.required;
  input.value = given.value;
  return { input, value: () => input.value };
}

function select(given, id) {
  const empty = el("option", { value: "" }, "Choose…");
  const input = el("select", { id }, empty, ...given.options.map(({ value, label }) => el("option", { value }, label)));
  input.required = given.required;
  input.value = given.value;
  return { input, value: () => input.value };
}

function checks(given, id) {
  const boxes = given.options.map(({ value, label }, at) => {
    const box = el("input", { type: "checkbox", id: `${id}-${at}`, value });
    box.checked = given.value.includes(value);
    return { box, line: el("label", { class: "choice", for: `${id}-${at}` }, box, label) };
  });
  const input = el("div", {}, ...boxes.map(({ line }) => line));
  return { input, value: () => boxes.filter(({ box }) => box.checked).map(({ box }) => box.value) };
}

function check(given, id) {
  const input = el("input", { type: "checkbox", id });
  input.checked = given.value;
  return { input, value: () => input.checked };
}

function files(given, id) {
  const input = el("input", { type: "file", id, multiple: given.most > 1, accept: given.accept || null });
  input.required = given.required;
  return { input, value: () => input.files };
}

const MAKERS = { select, checks, check, files };
