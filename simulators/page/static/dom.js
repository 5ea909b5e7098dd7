// Small ways to make elements. Text is only ever set as text: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const SHAPES = {
  "👍": { path: "M8 11.2 11.6 4a2.1 2.1 0 0 1 2.7 2.6L13.6 9.5h4.9a2.1 2.1 0 0 1 2 2.6l-1.5 6.2a2.2 2.2 0 0 1-2.1 1.7H8zM3.5 11.2H6V20H3.5z", name: "thumbs up", colour: "thumb" },
  "👎": { path: "M16 12.8 12.4 20a2.1 2.1 0 0 1-2.7-2.6l.7-2.9H5.5a2.1 2.1 0 0 1-2-2.6L5 5.7A2.2 2.2 0 0 1 7.1 4H16zM20.5 12.8H18V4h2.5z", name: "thumbs down", colour: "thumb" },
  "🛑": { path: "M8.3 2.5h7.4l5.8 5.8v7.4l-5.8 5.8H8.3l-5.8-5.8V8.3z", name: "stop sign", colour: "stopsign" },
  send: { path: "M3.5 4.2 21.5 12 3.5 19.8l2.3-6.5L14 12 5.8 10.7z" },
  close: { path: "M6 4.6 12 10.6 18 4.6 19.4 6 13.4 12 19.4 18 18 19.4 12 13.4 6 19.4 4.6 18 10.6 12 4.6 6z" },
  stop: { path: "M6 6h12v12H6z" },
  attach: { path: "M16.5 6.5v10a4.5 4.5 0 0 1-9 0V5.8a3 3 0 0 1 6 0v9.7a1.5 1.5 0 0 1-3 0V7h-1.5v8.5a3 3 0 0 0 6 0V5.8a4.5 4.5 0 0 0-9 0v10.7a6 6 0 0 0 12 0v-10z" },
  file: { path: "M6 2.5h8l5 5V21.500H6zM13 4v4.500h4.500z" },
  eye: { path: "M12 5.500c4.600 0 8.200 3.200 9.700 6.500-1.500 3.300-5.100 6.500-9.700 6.500S3.800 15.300 2.300 12C3.800 8.700 7.400 5.500 12 5.500zM12 8.300a3.700 3.700 0 1 0 0 7.400 3.700 3.700 0 0 0 0-7.400z" },
  down: { path: "M12 16.5 4.5 9 6 7.5l6 6 6-6L19.5 9z" },
};

export function icon(name) {
  const shape = SHAPES[name];
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon", shape.colour ?? "plain-icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", shape.path);
  svg.append(path);
  return svg;
}

// A reaction's picture: drawn where we have one, so that it looks the same without an emoji font.
export function emoji(character) {
  return SHAPES[character] ? icon(character) : el("span", { class: "emoji" }, character);
}

export function emojiName(character) {
  return SHAPES[character]?.name ?? character;
}

// Put `wanted` in place of the children, keeping those that look the same: no flicker, selections survive.
export function patch(parent, wanted) {
  wanted.forEach((given, at) => {
    const child = typeof given === "string" ? document.createTextNode(given) : given;
    const there = parent.childNodes[at];
    if (!there) parent.append(child);
    else if (there !== child && !there.isEqualNode(child)) replace(there, child);
  });
  while (parent.childNodes.length > wanted.length) parent.lastChild.remove();
}

function replace(there, child) {
  const focused = there === document.activeElement;
  there.replaceWith(child);
  if (focused) child.focus();
}

// Put these elements, in this order, into the parent; those that stand right already are not touched.
export function arrange(parent, elements) {
  elements.forEach((element, at) => {
    if (parent.children[at] !== element) parent.insertBefore(element, parent.children[at] ?? null);
  });
  while (parent.children.length > elements.length) parent.lastElementChild.remove();
}
