// The Discord-like window: a channel with its threads, and a direct message.

import { arrange, el, patch } from "./dom.js";
import { Pane } from "./pane.js";
import { Seen } from "./places.js";

const CHANNELS = {
  channel: { place: "discord/channel", label: "# general", placeholder: "Message #general" },
  requests: { place: "discord/requests", label: "# requests", placeholder: "Message #requests" },
};
const THREADS = 6; // listed in the sidebar
const WELCOME = {
  channel: {
    title: "# general",
    text: "A channel of the Acme community. Mention Parley and it opens a thread on your message; in there it follows without mentions.",
    suggestions: ["What happens when I ask you something?", "Show me a picture and your steps", "Give me a long answer with code"],
  },
  requests: {
    title: "# requests",
    text: "Another Dify app answers here: it first asks for a form, and “approve” has a person decide.",
    suggestions: ["I need a new laptop"],
  },
  dm: {
    title: "Parley",
    text: "Your direct messages: one conversation. Say “new” to begin another topic.",
    suggestions: ["How does a refund work?", "退款需要多长时间?"],
  },
};

export class DiscordWindow {
  constructor(root, app) {
    this._app = app;
    this._spot = "channel";
    this._thread = null; // id of the open thread
    this._expected = null;
    this._seen = new Seen();
    this._threadItems = new Map();
    this.pane = new Pane({
      name: "Discord", onreact: app.react, onfinal: app.announce, onstop: () => {},
      onpress: app.press, ondismiss: app.dismiss, onupload: app.upload,
      onopen: (key) => this._go(this._spot, key.split("/").at(-1)), onsend: (text, mention, files) => this._post(text, mention, files),
      oncommand: (name, text) => app.command(this.place, this._thread, name, text),
    });
    this._build(root);
  }

  _build(root) {
    this._items = {
      channel: this._item("# general", "channel", null), requests: this._item("# requests", "requests", null), dm: this._item("Parley", "dm", null, "APP"),
    };
    this._lists = { channel: el("div", { class: "threads" }), requests: el("div", { class: "threads" }) };
    this._title = el("h2", {});
    root.append(
      el("nav", { class: "sidebar", "aria-label": "Discord: channels" },
        el("div", { class: "workspace" }, "Acme community"),
        el("h3", {}, "Text channels"), this._items.channel, this._lists.channel, this._items.requests, this._lists.requests,
        el("h3", {}, "Direct messages"), this._items.dm,
        el("div", { class: "brand" }, "Discord")),
      el("div", { class: "stagearea" }, el("div", { class: "main" }, el("header", {}, this._title), this.pane.element)));
  }

  _item(label, spot, thread, badge) {
    const kids = [el("span", { class: "label" }, label), badge ? el("span", { class: "app" }, badge) : null];
    return el("button", { type: "button", class: "item", onclick: () => this._go(spot, thread) }, ...kids, el("span", { class: "dot", "aria-hidden": "true" }));
  }

  get place() {
    return CHANNELS[this._spot]?.place ?? `discord/dm/${this._app.persona}`;
  }

  _go(spot, thread) {
    this._spot = spot;
    this._thread = thread;
    this._app.showNow();
  }

  personaChanged() {}

  async _post(text, mention, files) {
    const withMention = mention && this._spot !== "dm" && !this._thread;
    const done = await this._app.live.send({ do: "post", as: this._app.persona, place: this.place, text, thread: this._thread, mention: withMention, files });
    if (done && withMention) this._expected = done.key.split("/").at(-1);
    this._app.refresh();
    return done;
  }

  update(places) {
    const threads = places.threads();
    this._openExpected(threads);
    const open = threads.find((thread) => thread.id === this._thread);
    patch(this._title, open ? [open.name, el("span", { class: "where" }, `thread in ${CHANNELS[this._spot].label}`)] : [CHANNELS[this._spot]?.label ?? this._app.botName]);
    this._showPane(places, open, new Map(threads.map((thread) => [thread.id, thread])));
    this._showSidebar(places, threads);
  }

  // The thread that the bot opens on what was just asked is where the answer will be.
  _openExpected(threads) {
    if (!this._expected || !threads.some((thread) => thread.id === this._expected)) return;
    if (this._spot !== "dm" && !this._thread) this._thread = this._expected;
    this._expected = null;
  }

  _showPane(places, open, byId) {
    const messages = places.of(this.place, open ? open.id : "");
    const starter = open ? places.of(this.place).filter(([, message]) => message.id === open.id) : [];
    this.pane.update({
      target: `${this.place}/${open?.id ?? ""}`, persona: this._app.persona, longest: 2000,
      messages: [...starter, ...messages], status: places.status(this.place, open?.id ?? ""),
      mentionable: this._spot !== "dm" && !open, welcome: WELCOME[this._spot], commands: places.commands("/"),
      placeholder: open ? "Reply… no mention needed here" : CHANNELS[this._spot]?.placeholder ?? "Message @Parley",
      extra: (_key, message) => (!open && byId.has(message.id) ? { thread: link(byId.get(message.id)) } : {}),
    });
  }

  _showSidebar(places, threads) {
    for (const spot of Object.keys(CHANNELS)) this._showThreads(places, spot, threads);
    this._items.requests.hidden = this._lists.requests.hidden = !this._app.hasRequests;
    const dm = `discord/dm/${this._app.persona}`;
    this._mark(this._items.dm, dm, this._spot === "dm", places.newestIn(dm, ""));
  }

  _showThreads(places, spot, threads) {
    const { place } = CHANNELS[spot];
    this._mark(this._items[spot], spot, this._spot === spot && !this._thread, places.newestIn(place, ""));
    arrange(this._lists[spot], threads.filter((thread) => thread.place === place).slice(0, THREADS).map((thread) => {
      const item = this._threadItems.get(thread.id) ?? this._item(thread.name, spot, thread.id);
      this._threadItems.set(thread.id, item);
      this._mark(item, thread.id, this._thread === thread.id && this._spot === spot, places.newestIn(place, thread.id));
      return item;
    }));
  }

  _mark(item, name, current, newest) {
    if (current) this._seen.note(name, newest);
    if (current) item.setAttribute("aria-current", "page");
    else item.removeAttribute("aria-current");
    item.classList.toggle("unread", this._seen.unread(name, newest));
  }
}

function link({ count, name }) {
  return { label: `${name} · ${count} ${count === 1 ? "message" : "messages"}`, title: "Open the thread" };
}
