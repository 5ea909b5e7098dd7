// A list of messages with the line of what the bot does and the input box below.

import { arrange, el, icon, patch } from "./dom.js";
import { bytes, MessageView } from "./message.js";

const MOST_FILES = 10;
const AT_END = 24; // pixels from the end that still count as being there

export class Pane {
  constructor({ name, onsend, onreact, onopen, onstop, onfinal, onpress, ondismiss, oncommand, onupload }) {
    this._handlers = { onreact, onopen, onfinal, onpress, ondismiss };
    this._onsend = onsend;
    this._oncommand = oncommand;
    this._onupload = onupload;
    this._picked = [];
    this._commands = [];
    this._views = new Map();
    this._drafts = new Map();
    this._target = null;
    this._sticks = true;
    this._mention = true;
    this.list = el("div", { class: "list" });
    this.scroller = el("div", { class: "scroller", role: "log", "aria-live": "off", tabindex: "0", "aria-label": name },
      this.list);
    this.latest = el("button", { class: "latest", type: "button", hidden: true, onclick: () => this._toEnd() },
      icon("down"), "New messages");
    this.status = el("span", { class: "status" });
    this.stop = el("button", { class: "stop", type: "button", hidden: true, onclick: () => onstop() }, icon("stop"), "Stop");
    this._makeComposer(name);
    this.element = el("div", { class: "pane" }, this.scroller, this.latest,
      el("div", { class: "statusline" }, this.status, this.stop), this.form);
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => { event.preventDefault(); this._pick(event.dataTransfer.files); });
    this.scroller.addEventListener("scroll", () => this._scrolled());
    new ResizeObserver(() => this._sticks && this._toEnd()).observe(this.scroller);
    new ResizeObserver(() => this._sticks && this._toEnd()).observe(this.list); // pictures come late
  }

  _makeComposer(name) {
    this.input = el("textarea", { rows: "1", "aria-label": `Write in ${name}`, maxlength: "12000" });
    this.input.addEventListener("keydown", (event) => {
      if (!this.menu.hidden && this._inMenu(event)) return;
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this._send();
    });
    this.input.addEventListener("input", () => { this._fit(); this._showMenu(); });
    this.input.addEventListener("paste", (event) => this._pick(event.clipboardData.files));
    this.mention = el("button", {
      class: "mention-toggle", type: "button", "aria-pressed": "true",
      title: "Whether your message mentions the bot: without it, the bot leaves the channel's talk alone",
      onclick: () => { this._mention = !this._mention; this._showMention(); },
    }, "@Parley");
    const send = el("button", { class: "send", type: "submit", "aria-label": "Send" }, icon("send"));
    this._chooser = el("input", { type: "file", multiple: true, hidden: true, "aria-label": `Files for ${name}` });
    this._chooser.addEventListener("change", () => { this._pick(this._chooser.files); this._chooser.value = ""; });
    const attach = el("button", { class: "attach", type: "button", "aria-label": "Attach a file", title: "Attach a file (at most 5 MB)",
      onclick: () => this._chooser.click() }, icon("attach"));
    this.menu = el("div", { class: "commands", role: "group", "aria-label": "Commands", hidden: true });
    this.picked = el("div", { class: "picked" });
    this.form = el("form", { class: "composer" }, this.menu, this.picked, this.mention, attach, this._chooser, this.input, send);
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this._send(); });
  }

  // `view`: target (a string that names the place), messages [[key, message]], extra (key → thread link),
  // status, persona, placeholder, mentionable, suggestions, welcome
  update(view) {
    const moved = view.target !== this._target;
    if (moved) this._moveTo(view);
    const before = this.list.childElementCount;
    this._showMessages(view);
    patch(this.status, view.status?.text ? [el("span", { class: "dots", "aria-hidden": "true" }), view.status.text] : []);
    this.stop.hidden = !view.status?.stop;
    this.mention.hidden = !view.mentionable;
    this._commands = view.commands ?? [];
    if (this._sticks) this._toEnd();
    else if (this.list.childElementCount > before) this.latest.hidden = false;
  }

  _moveTo(view) {
    if (this._target) this._drafts.set(this._target, this.input.value);
    this._target = view.target;
    this._picked = [];
    this._showPicked();
    this.menu.hidden = true;
    this._views.clear();
    this.list.replaceChildren();
    this.input.value = this._drafts.get(view.target) ?? "";
    this.input.placeholder = view.placeholder;
    this.input.maxLength = view.longest;
    this._sticks = true;
    this._fit();
  }

  _showMessages({ messages, persona, extra, welcome, prompts = [] }) {
    const wanted = messages.map(([key, message]) => {
      const view = this._views.get(key) ?? new MessageView(key, this._handlers);
      this._views.set(key, view);
      view.update(message, persona, extra(key, message));
      return view.element;
    });
    if (!wanted.length) {
      this._views.clear();
      if (this._welcomed !== welcome || !this.list.querySelector(".empty")) this.list.replaceChildren(this._empty(welcome));
      this._welcomed = welcome;
      return;
    }
    arrange(this.list, [...wanted, ...this._proposed(prompts)]);
  }

  // The questions that the bot proposes to begin with; kept, so that a focus on one survives.
  _proposed(prompts) {
    if (!prompts.length) return [];
    const shown = JSON.stringify(prompts);
    if (this._promptsShown !== shown) this._prompts = el("div", { class: "prompts", role: "group", "aria-label": "Proposed questions" }, ...this._chips(prompts));
    this._promptsShown = shown;
    return [this._prompts];
  }

  _chips(questions) {
    return questions.map((question) => el("button", {
      type: "button", class: "suggestion", onclick: () => { this._onsend(question, true, []); this.input.focus(); },
    }, question));
  }

  _empty({ title, text, suggestions }) {
    return el("div", { class: "empty" }, el("h3", {}, title), el("p", {}, text), ...this._chips(suggestions));
  }

  _showMention() {
    this.mention.setAttribute("aria-pressed", String(this._mention));
  }

  async _send() {
    const text = this.input.value.trim();
    const files = this._picked;
    if ((!text && !files.length) || files.some(({ id }) => !id)) return; // some file is still on its way
    this.input.value = "";
    this._picked = [];
    this._showPicked();
    this._fit();
    this.menu.hidden = true;
    this._sticks = true;
    const [, name, rest] = text.match(/^\/([a-z][\w-]*)\s*([^]*)$/) ?? [];
    const done = name && !files.length ? await this._oncommand(name, rest)
      : await this._onsend(text, !this.mention.hidden && this._mention, files.map(({ id }) => id));
    if (!done && files.length) this._picked = files;
    this._showPicked();
    if (!done && !this.input.value) { // it was not taken: nothing that was typed is lost
      this.input.value = text;
      this._fit();
    }
  }

  _pick(chosen) {
    for (const file of [...chosen].slice(0, MOST_FILES - this._picked.length)) {
      const entry = { name: file.name, size: file.size, id: null };
      this._picked.push(entry);
      this._onupload(file).then((id) => {
        entry.id = id;
        if (!id) this._picked = this._picked.filter((each) => each !== entry);
        this._showPicked();
      });
    }
    this._showPicked();
  }

  _showPicked() {
    this.picked.hidden = !this._picked.length;
    this.picked.replaceChildren(...this._picked.map((entry) => el("span", { class: entry.id ? "pick" : "pick is-coming" }, icon("file"),
      el("span", { class: "name" }, entry.name), el("span", { class: "size" }, bytes(entry.size)),
      el("button", { type: "button", "aria-label": `Leave out ${entry.name}`, onclick: () => {
        this._picked = this._picked.filter((each) => each !== entry);
        this._showPicked();
        this.input.focus();
      } }, icon("close")))));
  }

  // Tab takes the first command of the list, Escape puts the list away.
  _inMenu(event) {
    if (event.key === "Escape") this.menu.hidden = true;
    else if (event.key === "Tab" && !event.shiftKey) this.menu.firstElementChild.click();
    else return false;
    event.preventDefault();
    return true;
  }

  _showMenu() {
    const typed = this.input.value.toLowerCase();
    const fitting = /^\/\S*(?: \S*)?$/.test(typed) ? this._commands.filter(({ text }) => text.startsWith(typed) && text !== typed) : [];
    this.menu.hidden = !fitting.length;
    this.menu.replaceChildren(...fitting.map(({ text, described, argument }) => el("button", {
      type: "button", class: "command", onclick: () => {
        this.input.value = argument ? `${text} ` : text;
        this.menu.hidden = true;
        this.input.focus();
      },
    }, el("b", {}, text), el("span", {}, argument ? `${described}: ${argument}` : described))));
  }

  _fit() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 110)}px`;
  }

  _scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this._sticks = scrollHeight - scrollTop - clientHeight < AT_END;
    if (this._sticks) this.latest.hidden = true;
  }

  _toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this._sticks = true;
    this.latest.hidden = true;
  }
}
