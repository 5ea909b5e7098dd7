// The Slack-like window: a channel and a direct message, with the thread panel beside or over them.

import { el, icon, patch } from "./dom.js";
import { Pane } from "./pane.js";
import { Seen } from "./places.js";

const CHANNELS = {
  channel: { place: "slack/channel", label: "# support", placeholder: "Message #support" },
  requests: { place: "slack/requests", label: "# requests", placeholder: "Message #requests" },
};
const COMMAND = "/parley "; // Slack has one command per app, and a word behind it
const WELCOME = {
  channel: {
    title: "# support",
    text: "A channel of Acme, and Parley was invited. It answers who mentions it, in a thread; in there it follows without mentions.",
    suggestions: ["How do I reset my password?", "Show me a picture and your steps", "Give me a long answer with code"],
  },
  requests: {
    title: "# requests",
    text: "Another Dify app answers here: it first asks for a form, and “approve” has a person decide.",
    suggestions: ["I need a new laptop"],
  },
  dm: {
    title: "Parley",
    text: "Your direct messages. Each one opens a thread, and the answer streams into it.",
    suggestions: ["How does a refund work?", "パスワードを忘れました。どうすればいいですか?"],
  },
};

export class SlackWindow {
  constructor(root, app) {
    this._app = app;
    this._spot = "channel";
    this._threads = { channel: null, requests: null, dm: null }; // ts of the open thread's root
    this._expected = null;
    this._seen = new Seen();
    const common = {
      onreact: app.react, onfinal: app.announce, onpress: app.press, ondismiss: app.dismiss, onupload: app.upload,
      onopen: (key) => this._open(key.split("/").at(-1)), onstop: () => this._stop(),
    };
    this.pane = new Pane({ ...common, name: "Slack", onsend: (text, mention, files) => this._post(text, null, mention, files),
      oncommand: (name, text) => app.command(this.place, null, name, text) });
    this.thread = new Pane({ ...common, name: "Slack thread", onsend: (text, _mention, files) => this._post(text, this._threads[this._spot], false, files),
      oncommand: (name, text) => app.command(this.place, this._threads[this._spot], name, text) });
    this._build(root);
  }

  _build(root) {
    this._root = root;
    this._items = {
      channel: this._item("channel", "# support"),
      requests: this._item("requests", "# requests"),
      dm: this._item("dm", "Parley", "APP"),
    };
    this._title = el("h2", {});
    this._place = el("span", { class: "where" });
    const close = el("button", { class: "close", type: "button", "aria-label": "Close the thread", onclick: () => this._close() }, icon("close"));
    root.append(
      el("nav", { class: "sidebar", "aria-label": "Slack: channels" },
        el("div", { class: "workspace" }, "Acme"),
        el("h3", {}, "Channels"), this._items.channel, this._items.requests,
        el("h3", {}, "Direct messages"), this._items.dm,
        el("div", { class: "brand" }, "Slack")),
      el("div", { class: "stagearea" },
        el("div", { class: "main" }, el("header", {}, this._title), this.pane.element),
        el("aside", { class: "threadpanel", "aria-label": "Thread" },
          el("header", {}, el("h2", {}, "Thread"), this._place, close), this.thread.element)));
  }

  _item(spot, label, badge) {
    const kids = [el("span", { class: "label" }, label), badge ? el("span", { class: "app" }, badge) : null];
    return el("button", { type: "button", class: "item", onclick: () => this._go(spot) }, ...kids, el("span", { class: "dot", "aria-hidden": "true" }));
  }

  get place() {
    return CHANNELS[this._spot]?.place ?? `slack/dm/${this._app.persona}`;
  }

  _go(spot) {
    this._spot = spot;
    this._tellOpened();
    this._app.showNow();
  }

  personaChanged() {
    this._threads.dm = null;
    this._tellOpened();
  }

  // Slack tells an app when somebody opens its direct messages: it greets who does so for the first time.
  _tellOpened() {
    if (this._spot === "dm") this._app.live.send({ do: "open", as: this._app.persona });
  }

  _open(ts) {
    this._threads[this._spot] = ts;
    this._app.showNow();
    this.thread.input.focus();
  }

  _close() {
    this._threads[this._spot] = null;
    this._app.showNow();
    this.pane.input.focus();
  }

  async _post(text, thread, mention, files) {
    const withMention = mention && this._spot !== "dm";
    const done = await this._app.live.send({ do: "post", as: this._app.persona, place: this.place, text, thread, mention: withMention, files });
    if (done && !thread) this._expected = { spot: this._spot, place: this.place, ts: done.key.split("/").at(-1) };
    this._app.refresh();
    return done;
  }

  _stop() {
    const thread = this._threads[this._spot] ?? "";
    this._app.live.send({ do: "stop", as: this._app.persona, place: this.place, thread });
  }

  update(places) {
    this._openExpected(places);
    const thread = this._threads[this._spot];
    const bot = this._app.botName;
    this._root.classList.toggle("with-thread", Boolean(thread));
    patch(this._title, [CHANNELS[this._spot]?.label ?? bot]);
    this._place.textContent = CHANNELS[this._spot]?.label ?? bot;
    this._showChannel(places);
    if (thread) this._showThread(places, thread);
    this._showSidebar(places);
  }

  // The answer to what was just asked begins a thread: it is what one wants to see.
  _openExpected(places) {
    const expected = this._expected;
    if (!expected || !(places.of(expected.place, expected.ts).length || places.status(expected.place, expected.ts))) return;
    this._expected = null;
    if (this._threads[expected.spot] && this.thread.element.contains(document.activeElement)) return;
    const hadFocus = this.pane.element.contains(document.activeElement);
    this._threads[expected.spot] = expected.ts;
    if (hadFocus) requestAnimationFrame(() => this.thread.input.focus());
  }

  _showChannel(places) {
    this.pane.update({
      target: this.place, persona: this._app.persona, longest: 12000,
      messages: places.of(this.place), status: places.status(this.place),
      mentionable: this._spot !== "dm", welcome: WELCOME[this._spot], prompts: places.prompts(this.place),
      placeholder: CHANNELS[this._spot]?.placeholder ?? "Message Parley", commands: places.commands(COMMAND),
      extra: (_key, message) => (message.replies ? { thread: { label: count(message.replies), title: "Open the thread" } } : {}),
    });
  }

  _showThread(places, thread) {
    const root = places.of(this.place).filter(([, message]) => message.id === thread);
    this.thread.update({
      target: `${this.place}/${thread}`, persona: this._app.persona, longest: 12000,
      messages: [...root, ...places.of(this.place, thread)], status: places.status(this.place, thread),
      mentionable: false, placeholder: "Reply… no mention needed here", extra: () => ({}),
      welcome: { title: "Thread", text: "This thread is gone.", suggestions: [] },
    });
  }

  _showSidebar(places) {
    this._items.requests.hidden = !this._app.hasRequests;
    for (const [spot, item] of Object.entries(this._items)) {
      const place = CHANNELS[spot]?.place ?? `slack/dm/${this._app.persona}`;
      const newest = places.newest(place, true);
      if (spot === this._spot) this._seen.note(place, newest);
      item.toggleAttribute("aria-current", false);
      if (spot === this._spot) item.setAttribute("aria-current", "page");
      item.classList.toggle("unread", this._seen.unread(place, newest));
    }
  }
}

function count(replies) {
  return `${replies} ${replies === 1 ? "reply" : "replies"}`;
}
