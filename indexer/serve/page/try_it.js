// A form that makes requests of one API's operations, from what the document says of them.
import { quoted } from "./document.js";
import { button, copy, element, field, options, prose } from "./elements.js";
import { indented } from "./json_text.js";

const LONGEST = 200_000; // characters of an answer that are shown

export class TryIt {
  constructor(apiDocument, api, session) {
    this.document = apiDocument;
    this.api = api;
    this.session = session;
    this.method = options(element("select"), Object.entries(api.operations)
      .map(([name, operation]) => [name, `${name.toUpperCase()}: ${operation.summary ?? ""}`]));
    this.about = element("p", { class: "about" });
    this.filters = element("div", { class: "filters" });
    this.parts = new Map(); // of each row in `filters`: its name and value
    this.inputs = element("div");
    this.url = element("output", { class: "url" });
    this.command = element("pre", { tabindex: "0", "aria-label": "curl command" });
    this.answer = element("section", { class: "answer", "aria-live": "polite", "aria-label": "Answer" });
    this.form = this.#form();
    this.method.addEventListener("change", () => this.#showInputs());
    this.form.addEventListener("input", () => this.#preview());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#showInputs();
  }

  get operation() {
    return this.api.operations[this.method.value];
  }

  #form() {
    const copied = button("Copy", {}, () => copy(copied, this.command.textContent));
    return element("form", { class: "try" }, field("Method", this.method), this.about, this.inputs,
      element("p", { class: "request" }, element("span", { class: "unseen" }, "Request: "), this.url),
      element("div", { class: "row" }, element("button", { type: "submit", class: "first" }, "Send")),
      element("div", { class: "command" }, this.command, copied), this.answer);
  }

  /** The inputs of the chosen operation. */
  #showInputs() {
    const filters = this.document.filters(this.operation);
    const query = this.document.parameters(this.operation, "query").filter((one) => !one["x-operators"]);
    const headers = this.document.parameters(this.operation, "header");
    const types = this.document.mediaTypes(this.operation);
    this.query = query.map((one) => [one, inputFor(one), one.allowEmptyValue ? element("input", { type: "checkbox" }) : null]);
    this.headers = headers.map((one) => [one, inputFor(one)]);
    this.accept = types.length > 1 ? options(element("select"), types.map((type) => [type])) : null;
    this.body = this.operation.requestBody
      ? element("textarea", { rows: "6", spellcheck: "false", required: true, placeholder: this.document.sampleBody(this.operation) }) : null;
    this.about.replaceChildren(...prose(this.operation.description ?? ""));
    this.filters.replaceChildren();
    this.parts.clear();

    const rows = (inputs) => inputs.map(([one, input, empty]) => {
      const row = field(one.name, input, one.description);
      if (empty) row.append(element("label", { class: "inline" }, empty, " send it empty"));
      return row;
    });
    const add = button("Add a filter", {}, () => this.#addFilter(filters));
    const parts = [];
    if (filters.length > 0) parts.push(element("fieldset", {}, element("legend", {}, "Filters"), this.filters, add));
    const often = this.query.filter(([one]) => !/^(not\.)?(and|or)$/.test(one.name)).slice(0, 4);
    const seldom = this.query.filter((one) => !often.includes(one));
    parts.push(element("div", { class: "grid" }, rows(often), this.accept ? field("Accept", this.accept, "How the rows are written.") : null));
    if (this.body) parts.push(field("Body", this.body, this.document.resolve(this.operation.requestBody).description));
    if (seldom.length + this.headers.length > 0) {
      parts.push(element("details", { class: "more" }, element("summary", {}, "More parameters and headers"),
        element("div", { class: "grid" }, rows(seldom), rows(this.headers))));
    }
    this.inputs.replaceChildren(...parts);
    this.#preview();
  }

  #addFilter(filters) {
    const column = options(element("select", { "aria-label": "Column" }), filters.map((one) => [one.name, columnName(one.name)]));
    const not = element("input", { type: "checkbox" });
    const operator = element("select", { "aria-label": "Operator" });
    const value = element("input", { "aria-label": "Value", autocomplete: "off", spellcheck: "false" });
    const remove = button("Remove", { "aria-label": "Remove this filter" }, () => {
      row.remove();
      this.parts.delete(row);
      this.#preview();
    });
    const row = element("div", { class: "filter row" }, column, element("label", { class: "inline" }, not, " not"), operator, value, remove);
    const chosen = () => {
      const one = filters.find((filter) => filter.name === column.value);
      const [sampleOperator, ...sample] = (one.example ?? "").split(".");
      options(operator, one["x-operators"].map((name) => [name]));
      operator.value = sampleOperator;
      value.placeholder = sample.join(".");
    };
    column.addEventListener("change", chosen);
    this.parts.set(row, () => [column.value, `${not.checked ? "not." : ""}${operator.value}.${value.value}`]);
    chosen();
    this.filters.append(row);
    column.focus();
    this.#preview();
  }

  /** Method, address relative to the document, headers, body. */
  #request() {
    const pairs = [...this.parts.values()].map((part) => part());
    for (const [one, input, empty] of this.query) if (input.value !== "" || empty?.checked) pairs.push([one.name, input.value]);
    const headers = {};
    if (this.accept && this.accept.selectedIndex > 0) headers.Accept = this.accept.value;
    for (const [one, input] of this.headers) if (input.value !== "") headers[one.name] = input.value;
    if (this.body) headers["Content-Type"] = "application/json";
    const search = pairs.map(([name, value]) => `${readable(name)}=${readable(value)}`).join("&");
    return { method: this.method.value.toUpperCase(), target: this.api.name + (search ? `?${search}` : ""), headers, body: this.body?.value };
  }

  #preview() {
    const request = this.#request();
    this.url.textContent = `${request.method} /${request.target}`;
    this.command.textContent = curl(request, Boolean(this.session.token));
  }

  async #send() {
    const { method, target, headers, body } = this.#request();
    if (this.session.token) headers.Authorization = `Bearer ${this.session.token}`;
    const began = performance.now();
    try {
      const answer = await fetch(target, { method, headers, body: body || undefined, credentials: "omit", cache: "no-store" });
      const text = await answer.text();
      this.#showAnswer(answer, text, performance.now() - began);
    } catch (error) {
      this.answer.replaceChildren(element("p", { class: "error", role: "alert" }, `No answer: ${error.message}`));
    }
  }

  #showAnswer(answer, text, took) {
    const json = /json/.test(answer.headers.get("Content-Type") ?? "") && !/ndjson/.test(answer.headers.get("Content-Type"));
    const shown = text.slice(0, LONGEST);
    const size = new TextEncoder().encode(text).length.toLocaleString();
    const headers = [...answer.headers].map(([name, value]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value)));
    this.answer.replaceChildren(
      element("h3", { class: answer.ok ? "good" : "error" }, `${answer.status} ${answer.statusText}`.trim(),
        element("small", {}, ` ${Math.round(took)} ms, ${size} bytes`)),
      element("details", {}, element("summary", {}, "Headers"), element("table", { class: "headers" }, element("tbody", {}, headers))),
      text ? element("pre", { tabindex: "0", "aria-label": "Body of the answer" }, json ? indented(shown) : shown) : element("p", {}, "No body."),
      text.length > LONGEST ? element("p", {}, `Only the first ${LONGEST.toLocaleString()} characters are shown.`) : "",
      this.#nextPage(answer.headers.get("Daas-Cursor")) ?? "");
  }

  /** A button that goes on with a walk. */
  #nextPage(cursor) {
    const input = this.query.find(([one]) => one.name === "_cursor")?.[1];
    if (!cursor || !input) return null;
    return button("Next page", {}, () => {
      input.value = cursor;
      this.#preview();
      this.#send();
    });
  }
}

function inputFor(parameter) {
  const whole = parameter.schema?.type === "integer";
  const input = element("input", whole ? { type: "number", min: parameter.schema.minimum, max: parameter.schema.maximum }
    : { autocomplete: "off", spellcheck: "false" });
  if (parameter.example !== undefined) input.placeholder = parameter.example;
  return input;
}

/** A column's name of a parameter's, which may stand in quotes. */
function columnName(name) {
  const inside = /^"(.*)"$/s.exec(name);
  const bare = inside ? inside[1].replace(/\\(["\\])/g, "$1") : name;
  return inside && quoted(bare) === name ? bare : name;
}

/** Percent encoded, but for what an address may hold as it is. */
function readable(text) {
  return encodeURIComponent(text).replace(/%(2C|3A|7B|7D|28|29|2A|2F|40)/g, (code) => decodeURIComponent(code));
}

function curl({ method, target, headers, body }, withToken) {
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const lines = [`curl ${method === "HEAD" ? "-I " : method === "GET" ? "" : `-X ${method} `}${quote(new URL(target, location.href).href)}`];
  if (withToken) lines.push('-H "Authorization: Bearer $TOKEN"');
  for (const [name, value] of Object.entries(headers)) lines.push(`-H ${quote(`${name}: ${value}`)}`);
  if (body) lines.push(`--data-raw ${quote(body)}`);
  // curl reads braces and brackets of an address as lists.
  if (/[{}[\]]/.test(target)) lines[0] = lines[0].replace("curl ", "curl -g ");
  return lines.join(" \\\n  ");
}
