// Elements from values. Text is always set as text: nothing that a server says becomes markup.

/** An element with attributes (true: present, false, null and undefined: absent) and children: nodes, texts, or nothing. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function button(text, attributes, onClick) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", onClick);
  return made;
}

let number = 0;

/** A label above its control, and a description that screen readers tie to it. */
export function field(text, control, description) {
  const id = `field-${++number}`;
  control.id = id;
  const about = description ? element("small", { id: `${id}-about` }, prose(description)) : null;
  if (about) control.setAttribute("aria-describedby", about.id);
  return element("div", { class: "field" }, element("label", { for: id }, text), control, about);
}

/** Text in which `code` stands in backticks. */
export function prose(text) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? element("code", {}, part) : part));
}

export function options(select, values) {
  select.replaceChildren(...values.map(([value, text]) => element("option", { value }, text ?? value)));
  return select;
}

/** Puts a text on the clipboard and says so on the button that asked for it. */
export async function copy(asked, text) {
  const before = asked.textContent;
  try {
    await navigator.clipboard.writeText(text);
    asked.textContent = "Copied";
  } catch {
    asked.textContent = "Not allowed";
  }
  setTimeout(() => { asked.textContent = before; }, 1500);
}
