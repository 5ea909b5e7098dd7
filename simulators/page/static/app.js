// Puts the windows together: one state from the demo, shown on every change, once per frame.

import { Console } from "./console.js";
import { DiscordWindow } from "./discord.js";
import { el } from "./dom.js";
import { FormView } from "./form.js";
import { Live } from "./live.js";
import { Places } from "./places.js";
import { SlackWindow } from "./slack.js";

const PERSONAS = ["alice", "bob"];
const TOAST_MS = 5000;
const ANNOUNCED = 240; // characters read out of a finished answer
const byId = (id) => document.getElementById(id);

class App {
  constructor() {
    this.persona = PERSONAS[0];
    this.live = new Live();
    this.react = (key, emoji, on) => this.live.send({ do: "react", as: this.persona, message: key, emoji, on });
    this.press = (key, button) => this.live.send({ do: "press", as: this.persona, message: key, button });
    this.upload = (file) => this.live.upload(file);
    this.command = (place, thread, name, text) => this.live.send({ do: "command", as: this.persona, place, thread, name, text });
    this._dismissed = new Set(); // whispers; a client forgets them itself
    this.dismiss = (key) => { this._dismissed.add(key); this.showNow(); };
    this.announce = (message) => this._announce(message);
    this._slack = new SlackWindow(byId("slack"), this);
    this._discord = new DiscordWindow(byId("discord"), this);
    this._forms = ["slack", "discord"].map((platform) => new FormView(byId(platform), platform, this));
    this._console = new Console(byId("dify"), this);
    this._frame = 0;
    this._makePersonas();
    this._makeHelp();
  }

  // With a Dify of one's own there is one app, and no channel for a second.
  get hasRequests() {
    return !this.live.state.get("stage")?.real_dify;
  }

  get botName() {
    return this.live.state.get("stage")?.bot ?? "Parley";
  }

  start() {
    history.replaceState(null, "", "/"); // the cookie carries the token from here on
    this.live.onchange = () => this.refresh();
    this.live.onlost = (lost) => this._lost(lost);
    this.live.onerror = (message) => this._toast(message);
    this.live.connect();
  }

  refresh() {
    this._frame ||= requestAnimationFrame(() => this._show());
  }

  // For what the reader did: what is typed next must land in the place that was chosen.
  showNow() {
    cancelAnimationFrame(this._frame);
    this._show();
  }

  _show() {
    this._frame = 0;
    const { state } = this.live;
    const stage = state.get("stage");
    if (!stage) return;
    const places = new Places(state, this.persona, this._dismissed);
    this._slack.update(places);
    this._discord.update(places);
    for (const form of this._forms) form.update(state);
    this._console.update(state);
    const presence = stage.connected ? "bot online" : "bot offline";
    if (byId("presence").textContent !== presence) byId("presence").textContent = presence;
    byId("presence").classList.toggle("online", stage.connected);
    document.body.classList.add("ready");
  }

  _makePersonas() {
    byId("personas").append(el("span", { class: "you" }, "You are"));
    for (const name of PERSONAS) {
      const input = el("input", { type: "radio", name: "persona", id: `persona-${name}`, value: name, onchange: () => this._become(name) });
      input.checked = name === this.persona;
      byId("personas").append(input, el("label", { for: `persona-${name}` }, el("span", { class: `avatar small ${name}`, "aria-hidden": "true" }, name[0].toUpperCase()),
        name[0].toUpperCase() + name.slice(1)));
    }
  }

  // What can be tried stays until one looks elsewhere.
  _makeHelp() {
    const help = byId("try");
    document.addEventListener("click", (event) => { if (!help.contains(event.target)) help.open = false; });
    help.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      help.open = false;
      help.firstElementChild.focus();
    });
  }

  _become(name) {
    this.persona = name;
    this._slack.personaChanged();
    this._discord.personaChanged();
    this.showNow();
  }

  _announce(message) {
    const text = message.parts.map((part) => part.text).join(" ").slice(0, ANNOUNCED);
    byId("announcer").textContent = `${message.author}: ${text}`;
  }

  _lost(lost) {
    const bar = byId("lost");
    bar.hidden = !lost;
    if (lost) bar.textContent = "The demo does not answer. If it was stopped, start it again and open the URL it prints.";
    document.body.classList.toggle("is-lost", lost);
    if (lost) {
      byId("presence").textContent = "connecting…";
      byId("presence").classList.remove("online");
    }
  }

  _toast(message) {
    const toast = byId("toast");
    toast.textContent = message;
    toast.hidden = false;
    clearTimeout(this._toasting);
    this._toasting = setTimeout(() => { toast.hidden = true; }, TOAST_MS);
  }
}

new App().start();
