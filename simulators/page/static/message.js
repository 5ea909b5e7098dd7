// One message of a chat window: its parts, what it cost, the reactions to it.

import { el, emoji, emojiName, icon, patch } from "./dom.js";
import { render } from "./markdown.js";

const NEW_SECONDS = 5; // a whisper that is shown later, in another channel or after a reload, is read out no more
const OFFERED = ["👍", "👎", "🛑"];

export class MessageView {
  constructor(key, { onreact, onopen, onfinal, onpress, ondismiss }) {
    this.key = key;
    this._onreact = onreact;
    this._onopen = onopen;
    this._onfinal = onfinal;
    this._onpress = onpress;
    this._ondismiss = ondismiss;
    this._shown = "";
    this._writing = false;
    this.body = el("div", { class: "body" });
    this.below = el("div", { class: "below" });
    this.foot = el("div", { class: "foot" });
    this.by = el("div", { class: "by" });
    this.avatar = el("div", { class: "avatar", "aria-hidden": "true" });
    this.tools = el("div", { class: "tools", role: "group", "aria-label": "React" });
    this.element = el("article", { class: "message", "data-key": key }, this.avatar,
      el("div", { class: "content" }, this.by, this.body, this.below, this.foot), this.tools);
  }

  update(message, persona, extra = {}) {
    const shown = JSON.stringify([message, persona, extra]);
    if (shown === this._shown) return;
    const isNew = !this._shown && Date.now() / 1000 - message.at < NEW_SECONDS;
    this._shown = shown;
    this.element.classList.toggle("bot", message.bot);
    this.element.classList.toggle("is-writing", message.writing);
    this.avatar.className = `avatar ${message.author.toLowerCase()}`;
    this.avatar.textContent = message.author[0];
    patch(this.by, author(message));
    this.element.classList.toggle("whisper", Boolean(message.whisper));
    this._parts(message.parts);
    patch(this.below, [...files(message), ...this._buttons(message)]);
    patch(this.foot, this._footing(message, persona, extra));
    this._offer(message, persona);
    if ((this._writing && !message.writing && message.bot) || (isNew && message.whisper)) this._onfinal(message);
    this._writing = message.writing;
  }

  _parts(parts) {
    while (this.body.children.length > parts.length) this.body.lastElementChild.remove();
    parts.forEach((part, at) => {
      const there = this.body.children[at] ?? this.body.appendChild(el("div"));
      const name = `part ${part.kind}`;
      if (there.className !== name) there.className = name;
      patch(there, render(part.text, part.kind));
    });
  }

  _buttons({ buttons }) {
    if (!buttons.length) return [];
    return [el("div", { class: "buttons", role: "group", "aria-label": "Buttons" }, ...buttons.map((button) => el("button", {
      type: "button", class: `press ${button.style}`, disabled: button.disabled, "data-button": button.id,
      onclick: () => this._onpress(this.key, button.id),
    }, button.label)))];
  }

  _footing(message, persona, extra) {
    if (message.whisper) {
      return [el("span", { class: "notes" }, el("span", { class: "only" }, icon("eye"), "Only visible to you")),
        el("button", { type: "button", class: "dismiss", onclick: () => this._ondismiss(this.key) }, "Dismiss")];
    }
    const chips = message.reactions.map((reaction) => this._chip(reaction, persona));
    const thread = extra.thread ? [this._thread(extra.thread)] : [];
    const notes = el("span", { class: "notes" });
    if (message.writing) notes.append(el("span", { class: "writing" }, "writing…"));
    if (message.edited) notes.append(el("span", { class: "edited" }, "edited"));
    if (message.cost) notes.append(cost(message.cost));
    return message.bot || chips.length || thread.length ? [...thread, ...chips, notes] : [];
  }

  _thread({ label, title }) {
    return el("button", { class: "thread-link", type: "button", title, onclick: () => this._onopen(this.key) }, label);
  }

  _chip({ emoji: character, by }, persona) {
    const mine = by.includes(persona);
    const offered = OFFERED.includes(character);
    return el("button", {
      class: "chip", type: "button", "aria-pressed": String(mine), disabled: !offered,
      "aria-label": `${emojiName(character)}, ${by.length}`, title: by.join(", "),
      onclick: () => this._onreact(this.key, character, !mine),
    }, emoji(character), String(by.length));
  }

  _offer(message, persona) {
    if (!message.bot || message.whisper) return this.tools.replaceChildren();
    return patch(this.tools, OFFERED.map((character) => {
      const mine = message.reactions.some((each) => each.emoji === character && each.by.includes(persona));
      return el("button", {
        type: "button", "aria-pressed": String(mine), "aria-label": emojiName(character),
        title: mine ? `take ${emojiName(character)} back` : `react with ${emojiName(character)}`,
        "data-emoji": character, onclick: () => this._onreact(this.key, character, !mine),
      }, icon(character));
    }));
  }
}

function files({ files: posted, platform }) {
  if (!posted.length) return [];
  return [el("div", { class: "files" }, ...posted.map(({ id, name, size, image }) => {
    const href = `/file/${platform}/${encodeURIComponent(id)}`;
    if (image) {
      return el("a", { class: "picture", href, target: "_blank", rel: "noopener", title: name }, el("img", { src: href, alt: name }));
    }
    return el("a", { class: "file", href, download: name }, icon("file"), el("span", { class: "name" }, name), el("span", { class: "size" }, bytes(size)));
  }))];
}

export function bytes(size) {
  return size < 1000 ? `${size} bytes` : size < 1e6 ? `${Math.round(size / 1000)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}

function author(message) {
  const at = new Date(message.at * 1000);
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const app = message.bot ? [el("span", { class: "app" }, "APP")] : [];
  return [el("b", {}, message.author), ...app, el("time", { datetime: at.toISOString() }, time)];
}

function cost({ calls, refused }) {
  const title = "Calls to the platform's API for this message: one to post it, the others to change it"
    + (refused ? `; ${refused} of them refused (rate limit)` : "");
  return el("span", { class: "cost", title }, `${calls} API ${calls === 1 ? "call" : "calls"}`,
    refused ? ` (${refused} refused)` : "");
}
