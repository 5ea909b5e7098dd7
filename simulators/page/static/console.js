// The Dify panel: answers with their ratings, requests, and the switches that make trouble.

import { arrange, el, emoji, patch } from "./dom.js";

const STATES = { running: "streaming", succeeded: "done", failed: "failed", stopped: "stopped", lost: "connection lost" };
const RATINGS = { like: "👍", dislike: "👎" };
const SLOWEST = 2, FASTEST = 200; // words per second, at the ends of the slider; even steps multiply
const STEPS = 40;
const TROUBLE = [
  ["fail", "Model fails", "The model fails in the middle of the next answer"],
  ["lose", "Connection lost", "The line to Dify is cut in the middle of the next answer"],
  ["limit", "Rate limit", "Slack and Discord refuse the next edits for 3 seconds each"],
];

export class Console {
  constructor(root, app) {
    this._app = app;
    this._rows = new Map();
    this._requests = new Map();
    this._counts = el("p", { class: "counts" });
    this._answers = el("tbody");
    this._log = el("ol", { class: "requests", "aria-label": "Requests to Dify, newest first" });
    this._none = el("p", { class: "hint" }, "Each answer appears here, with the rating that reached Dify.");
    root.append(
      el("div", { class: "panel answers" }, el("header", {}, el("h2", {}, "Dify"), this._counts),
        el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Answers and ratings" }, this._none,
          el("table", { "aria-label": "Answers and ratings" },
            el("thead", {}, el("tr", {}, ...["Question", "Answer", "Rating"].map((name) => el("th", { scope: "col" }, name)))), this._answers))),
      el("div", { class: "panel log" }, el("header", {}, el("h2", {}, "Requests")),
        el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Requests" }, this._log)),
      el("div", { class: "panel switches" }, el("header", {}, el("h2", {}, "Switches"), this._normal()), this._pace(), this._troubles()));
  }

  _normal() {
    return el("button", { type: "button", class: "quiet", onclick: () => this._switch("normal") }, "Back to normal");
  }

  _pace() {
    this._slider = el("input", { type: "range", id: "pace", min: 0, max: STEPS, oninput: () => this._slide() });
    this._words = el("output", { for: "pace" });
    return el("div", { class: "pace" }, el("label", { for: "pace" }, "Dify writes"), this._words, this._slider);
  }

  _slide() {
    const pace = SLOWEST * (FASTEST / SLOWEST) ** (Number(this._slider.value) / STEPS);
    this._showPace(pace);
    this._switch("pace", pace);
  }

  _showPace(pace) {
    const words = `${pace < 10 ? pace.toFixed(1) : Math.round(pace)} words/s`;
    this._words.textContent = words;
    this._slider.setAttribute("aria-valuetext", words);
  }

  _troubles() {
    this._buttons = Object.fromEntries(TROUBLE.map(([name, label, title]) => [name,
      el("button", { type: "button", class: "trouble", title, "aria-pressed": "false", onclick: () => this._switch(name) }, label)]));
    return el("div", { class: "troubles", role: "group", "aria-label": "Next, let this happen" }, el("span", { class: "legend" }, "Next, let this happen"),
      ...Object.values(this._buttons));
  }

  _switch(name, value) {
    this._app.live.send({ do: "switch", name, value });
  }

  update(state) {
    const stage = state.get("stage");
    const newestFirst = [...state.keys()].sort().reverse();
    this._showCounts(state.get("dify"), stage);
    this._none.hidden = newestFirst.some((key) => key.startsWith("answer/"));
    this._show(this._answers, this._rows, newestFirst.filter((key) => key.startsWith("answer/")), state, "tr", answer);
    this._show(this._log, this._requests, newestFirst.filter((key) => key.startsWith("request/")), state, "li", request);
    this._slider.disabled = Boolean(stage.real_dify);
    if (document.activeElement !== this._slider || !this._slider.matches(":active")) {
      this._slider.value = Math.round(STEPS * Math.log(stage.pace / SLOWEST) / Math.log(FASTEST / SLOWEST));
      this._showPace(stage.pace);
    }
    for (const [name, button] of Object.entries(this._buttons)) {
      button.setAttribute("aria-pressed", String(stage[name]));
      button.disabled = Boolean(stage.real_dify) && name !== "limit";
    }
  }

  _show(parent, known, keys, state, tag, cells) {
    const wanted = keys.map((key) => {
      const row = known.get(key) ?? el(tag, { "data-key": key });
      known.set(key, row);
      patch(row, cells(state.get(key)));
      return row;
    });
    arrange(parent, wanted);
    for (const key of known.keys()) if (!state.has(key)) known.delete(key);
  }

  _showCounts(counts, stage) {
    if (stage.real_dify) {
      this._none.textContent = `The answers come from ${stage.real_dify}; ratings arrive in the log of your app there.`;
      return patch(this._counts, []);
    }
    const number = (value, one, many) => el("span", { class: value ? "some" : "" }, el("b", {}, String(value)), ` ${value === 1 ? one : many}`);
    return patch(this._counts, [number(counts.streams, "open stream", "open streams"), number(counts.stops, "stop call", "stop calls")]);
  }
}

function answer({ question, state, pieces, rating, turn }) {
  const name = STATES[state] ?? state;
  const rated = rating ? el("span", { class: `rating ${rating}` }, emoji(RATINGS[rating]), rating) : el("span", { class: "rating none" }, "none");
  return [
    el("td", { class: "question", title: question },
      el("div", {}, el("span", { class: "asked" }, question), turn > 1 ? el("span", { class: "turn" }, `turn ${turn}`) : null)),
    el("td", { class: `state ${state}` }, el("span", { class: "state-dot", "aria-hidden": "true" }), name, el("span", { class: "pieces" }, `${pieces}`)),
    el("td", {}, rated),
  ];
}

function request({ method, status, error }) {
  const [verb, path] = method.split(" ");
  return [el("span", { class: "verb" }, verb), el("span", { class: "path", title: method }, path),
    el("span", { class: status < 400 ? "http" : "http bad", title: error ?? "" }, String(status))];
}
