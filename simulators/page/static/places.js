// The state sorted by place and thread, made once per change.

export class Places {
  constructor(state, persona, dismissed) {
    this._state = state;
    this._lists = new Map();
    for (const [key, value] of state) {
      if (!key.startsWith("message/") || dismissed.has(key)) continue;
      if (value.whisper && value.whisper !== persona) continue;
      const name = `${value.place}|${value.thread}`;
      if (!this._lists.has(name)) this._lists.set(name, []);
      this._lists.get(name).push([key, value]);
    }
    for (const list of this._lists.values()) list.sort(([, a], [, b]) => (a.id < b.id ? -1 : 1));
  }

  // The messages of a place (thread "": those outside of threads), oldest first.
  of(place, thread = "") {
    return this._lists.get(`${place}|${thread}`) ?? [];
  }

  status(place, thread = "") {
    return this._state.get(`status/${place}/${thread}`);
  }

  // What the bot proposes to ask, where nobody has asked anything yet.
  prompts(place) {
    return this.of(place).every(([, message]) => message.bot) ? this._state.get(`prompts/${place}`) ?? [] : [];
  }

  // The bot's commands, as they are typed.
  commands(prefix) {
    const known = this._state.get("commands") ?? [];
    return known.map(({ name, described, argument }) => ({ text: `${prefix}${name}`, described, argument }));
  }

  // The newest message of the bot in a place; `threads` counts those inside its threads too.
  newest(place, threads) {
    let best = "";
    for (const [name, list] of this._lists) {
      if (name !== `${place}|` && !(threads && name.startsWith(`${place}|`))) continue;
      for (const [, message] of list) if (message.bot && message.id > best) best = message.id;
    }
    return best;
  }

  newestIn(place, thread) {
    return this.of(place, thread).findLast(([, message]) => message.bot)?.[1].id ?? "";
  }

  threads() {
    const found = [...this._state].filter(([key]) => key.startsWith("thread/")).map(([, thread]) => thread);
    return found.sort((a, b) => (a.id < b.id ? 1 : -1));
  }
}

// What of a sidebar the reader has not seen.
export class Seen {
  constructor() {
    this._until = new Map();
  }

  note(name, newest) {
    if (newest > (this._until.get(name) ?? "")) this._until.set(name, newest);
  }

  unread(name, newest) {
    return newest > (this._until.get(name) ?? "");
  }
}
