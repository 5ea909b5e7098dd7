// Markdown to DOM nodes, as the platforms show it. It builds elements and sets text, it never parses HTML,
// so that nothing in a message can become markup.

import { el } from "./dom.js";

const LINK = /\[([^[\]\n]*)\]\((https?:\/\/[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)\)/;
const RULES = {
  code: [/(?<!`)(`+)(?!`)([^]+?)(?<!`)\1(?!`)/, (m) => el("code", {}, m[2].replace(/^ (.*) $/, "$1"))],
  escape: [/\\([\\`*_{}[\]()#+\-.!~|>])/, (m) => document.createTextNode(m[1])],
  link: [LINK, (m, more) => anchor(m[2], more(m[1] || m[2]))],
  angle: [/<(https?:\/\/[^\s<>|]+)>/, (m) => anchor(m[1], [m[1]])],
  labelled: [/<((?:https?|mailto):[^\s<>|]+)\|([^<>\n]+)>/, (m) => anchor(m[1], [m[2]])],
  url: [/https?:\/\/[^\s<>]*[^\s<>.,:;"')\]!?]/, (m) => anchor(m[0], [m[0]])],
  strong: [/\*\*(?=\S)([^]*?\S)\*\*/, (m, more) => el("strong", {}, ...more(m[1]))],
  underline: [/__(?=\S)([^]*?\S)__/, (m, more) => el("u", {}, ...more(m[1]))],
  strongBars: [/(?<!\w)__(?=\S)([^]*?\S)__(?!\w)/, (m, more) => el("strong", {}, ...more(m[1]))],
  em: [/(?<!\*)\*(?=[^\s*])([^*]*?[^\s*])\*(?!\*)/, (m, more) => el("em", {}, ...more(m[1]))],
  emBars: [/(?<!\w)_(?=[^\s_])([^_]*?[^\s_])_(?!\w)/, (m, more) => el("em", {}, ...more(m[1]))],
  strike: [/~~(?=\S)([^]*?\S)~~/, (m, more) => el("s", {}, ...more(m[1]))],
  mrkStrong: [/(?<!\w)\*(?=[^\s*])([^*\n]*?[^\s*])\*(?!\w)/, (m, more) => el("strong", {}, ...more(m[1]))],
  mrkStrike: [/(?<!\w)~(?=[^\s~])([^~\n]*?[^\s~])~(?!\w)/, (m, more) => el("s", {}, ...more(m[1]))],
  mention: [/@(?:Parley|Alice|Bob)\b/, (m) => el("span", { class: "mention" }, m[0])],
};
const SHARED = ["code", "escape", "link", "angle"];
const DIALECTS = {
  // Slack: markdown block
  markdown: { rules: [...SHARED, "url", "strong", "strongBars", "em", "emBars", "strike"], headings: 6, tables: true, entities: true },
  // Slack: mrkdwn of sections and context blocks
  mrkdwn: { rules: ["code", "labelled", "angle", "url", "mrkStrong", "emBars", "mrkStrike"], headings: 0, entities: true },
  // Discord: reference#message-formatting and the client's subset of Markdown
  discord: { rules: [...SHARED, "url", "strong", "underline", "em", "emBars", "strike", "mention"], headings: 3, subtext: true },
  plain: { rules: ["url", "mention"], headings: 0, flat: true },
};

// The blocks of a text in a dialect, as elements.
export function render(text, kind) {
  const dialect = DIALECTS[kind === "notice" ? "mrkdwn" : kind] ?? DIALECTS.plain;
  if (dialect.flat) return [el("p", {}, ...inline(text, dialect))];
  return blocks(text.split("\n"), dialect);
}

function blocks(lines, dialect) {
  const made = [];
  let at = 0;
  while (at < lines.length) {
    const taken = block(lines, at, dialect);
    if (taken.node) made.push(taken.node);
    at = taken.next;
  }
  return made;
}

function block(lines, at, dialect) {
  const line = lines[at];
  if (!line.trim()) return { next: at + 1 };
  const fence = line.match(/^\s*(`{3,}|~{3,})([^`]*)$/);
  if (fence) return code(lines, at, fence[1], dialect);
  const heading = line.match(/^\s{0,3}(#{1,6})\s+(.+?)\s*#*$/);
  if (heading && heading[1].length <= dialect.headings) {
    const level = Math.min(heading[1].length + 2, 6); // the page's own headings come first
    return { node: el(`h${level}`, { class: `h${heading[1].length}` }, ...inline(heading[2], dialect)), next: at + 1 };
  }
  if (dialect.subtext && line.startsWith("-# ")) {
    return { node: el("p", { class: "subtext" }, ...inline(line.slice(3), dialect)), next: at + 1 };
  }
  if (dialect.tables && isTable(lines, at)) return table(lines, at, dialect);
  if (dialect.tables && /^\s{0,3}([-*_])\s*(?:\1\s*){2,}$/.test(line)) return { node: el("hr"), next: at + 1 };
  if (/^\s*>/.test(line)) return quote(lines, at, dialect);
  if (item(line)) return list(lines, at, dialect);
  return paragraph(lines, at, dialect);
}

function code(lines, at, fence, dialect) {
  const closing = new RegExp(`^\\s*${fence[0]}{${fence.length},}\\s*$`);
  let end = at + 1;
  while (end < lines.length && !closing.test(lines[end])) end += 1;
  const text = decoded(lines.slice(at + 1, end).join("\n"), dialect);
  return { node: el("pre", { tabindex: "0" }, el("code", {}, text)), next: end + 1 };
}

function isTable(lines, at) {
  return lines[at].includes("|") && /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(lines[at + 1] ?? "");
}

function table(lines, at, dialect) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim());
  const row = (line, tag) => el("tr", {}, ...cells(line).map((cell) => el(tag, {}, ...inline(cell, dialect))));
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|")) end += 1;
  const body = lines.slice(at + 2, end).map((line) => row(line, "td"));
  const whole = el("table", {}, el("thead", {}, row(lines[at], "th")), el("tbody", {}, ...body));
  return { node: el("div", { class: "table" }, whole), next: end };
}

function quote(lines, at, dialect) {
  let end = at;
  while (end < lines.length && /^\s*>/.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(/^\s*> ?/, ""));
  return { node: el("blockquote", {}, ...blocks(inner, dialect)), next: end };
}

function item(line) {
  return line.match(/^(\s*)(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/);
}

function list(lines, at, dialect) {
  const [, indent, , number] = item(lines[at]);
  const made = el(number ? "ol" : "ul", number && number !== "1" ? { start: number } : {});
  let next = at;
  while (next < lines.length) {
    const found = item(lines[next]);
    if (!found || found[1].length < indent.length) break;
    const nested = found[1].length > indent.length + 1;
    if (!nested && Boolean(found[3]) !== Boolean(number)) break;
    if (nested) {
      const below = list(lines, next, dialect);
      (made.lastElementChild ?? made).append(below.node);
      next = below.next;
      continue;
    }
    made.append(el("li", {}, ...inline(found[4], dialect)));
    next += 1;
  }
  return { node: made, next };
}

function paragraph(lines, at, dialect) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !starts(lines, end, dialect)) end += 1;
  return { node: el("p", {}, ...inline(lines.slice(at, end).join("\n"), dialect)), next: end };
}

function starts(lines, at, dialect) {
  const line = lines[at];
  if (/^\s*(`{3,}|~{3,})[^`]*$/.test(line) || /^\s*>/.test(line) || item(line)) return true;
  if (dialect.subtext && line.startsWith("-# ")) return true;
  const heading = line.match(/^\s{0,3}(#{1,6})\s+\S/);
  return Boolean((heading && heading[1].length <= dialect.headings) || (dialect.tables && isTable(lines, at)));
}

function inline(text, dialect) {
  const made = [];
  let rest = text;
  while (rest) {
    const [found, build] = earliest(rest, dialect.rules);
    if (!found) break;
    made.push(decoded(rest.slice(0, found.index), dialect));
    made.push(build(found, (inner) => inline(inner, dialect)));
    rest = rest.slice(found.index + found[0].length);
  }
  made.push(decoded(rest, dialect));
  return made.filter((part) => part !== "");
}

function earliest(text, rules) {
  let best = [null, null];
  for (const name of rules) {
    const [pattern, build] = RULES[name];
    const found = text.match(pattern);
    if (found && (!best[0] || found.index < best[0].index)) best = [found, build];
  }
  return best;
}

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };

function decoded(text, dialect) {
  return dialect.entities ? text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]) : text;
}

function anchor(href, children) {
  if (!URL.canParse(href)) return el("span", {}, ...children);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}
