// A list of messages with the line of what the bot does and the input box below.

import { arrange, el, icon, patch } from "./dom.js";
import { MessageView } from "./message.js";

const AT_END = 24; // pixels from the end that still count as being there

export class Pane {
  constructor({ name, onsend, onreact, onopen, onstop, onfinal }) {
    this._handlers = { onreact, onopen, onfinal };
    this._onsend = onsend;
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
    this.scroller.addEventListener("scroll", () => this._scrolled());
    new ResizeObserver(() => this._sticks && this._toEnd()).observe(this.scroller);
  }

  _makeComposer(name) {
    this.input = el("textarea", { rows: "1", "aria-label": `Write in ${name}`, maxlength: "12000" });
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this._send();
    });
    this.input.addEventListener("input", () => this._fit());
    this.mention = el("button", {
      class: "mention-toggle", type: "button", "aria-pressed": "true",
      title: "Whether your message mentions the bot: without it, the bot leaves the channel's talk alone",
      onclick: () => { this._mention = !this._mention; this._showMention(); },
    }, "@Parley");
    const send = el("button", { class: "send", type: "submit", "aria-label": "Send" }, icon("send"));
    this.form = el("form", { class: "composer" }, this.mention, this.input, send);
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
    if (this._sticks) this._toEnd();
    else if (this.list.childElementCount > before) this.latest.hidden = false;
  }

  _moveTo(view) {
    if (this._target) this._drafts.set(this._target, this.input.value);
    this._target = view.target;
    this._views.clear();
    this.list.replaceChildren();
    this.input.value = this._drafts.get(view.target) ?? "";
    this.input.placeholder = view.placeholder;
    this.input.maxLength = view.longest;
    this._sticks = true;
    this._fit();
  }

  _showMessages({ messages, persona, extra, welcome }) {
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
    arrange(this.list, wanted);
  }

  _empty({ title, text, suggestions }) {
    const chips = suggestions.map((question) => el("button", {
      type: "button", class: "suggestion", onclick: () => { this._onsend(question, true); this.input.focus(); },
    }, question));
    return el("div", { class: "empty" }, el("h3", {}, title), el("p", {}, text), ...chips);
  }

  _showMention() {
    this.mention.setAttribute("aria-pressed", String(this._mention));
  }

  async _send() {
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this._fit();
    this._sticks = true;
    const done = await this._onsend(text, !this.mention.hidden && this._mention);
    if (!done && !this.input.value) { // it was not taken: nothing that was typed is lost
      this.input.value = text;
      this._fit();
    }
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
