// What the page reads out of openapi.json. Knows OpenAPI, and of daas x-operators and x-pg-type only.

const METHODS = ["get", "head", "post", "put", "patch", "delete"];

export class ApiDocument {
  constructor(json) {
    this.json = json;
  }

  /** @throws {Error} with what the server said */
  static async load(token) {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const answer = await fetch("openapi.json", { headers, credentials: "omit", cache: "no-cache" });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.message ?? `status ${answer.status}`);
    return new ApiDocument(body);
  }

  /** Follows a local $ref, whose siblings win. */
  resolve(value) {
    const pointer = value?.$ref;
    if (pointer === undefined) return value;
    let target = this.json;
    for (const step of pointer.slice(2).split("/")) {
      target = target?.[step.replaceAll("~1", "/").replaceAll("~0", "~")];
    }
    const { $ref, ...siblings } = value;
    return { ...this.resolve(target), ...siblings };
  }

  /** The paths with rows, in the document's order: { name, path, operations: { get: … } }. */
  apis() {
    return this.#paths().filter((one) => !this.#isService(one));
  }

  services() {
    return this.#paths().filter((one) => this.#isService(one));
  }

  #paths() {
    return Object.entries(this.json.paths ?? {}).map(([path, item]) => ({
      name: path.slice(1),
      path,
      operations: Object.fromEntries(METHODS.filter((method) => item[method]).map((method) => [method, item[method]])),
    }));
  }

  #isService(one) {
    return Object.values(one.operations).some((operation) => operation.tags?.includes("service"));
  }

  parameters(operation, where) {
    return (operation.parameters ?? []).map((one) => this.resolve(one)).filter((one) => one.in === where);
  }

  /** Filters of columns, and the other query parameters. */
  filters(operation) {
    return this.parameters(operation, "query").filter((one) => one["x-operators"]);
  }

  /** { name, type, operators } of what an API answers. */
  columns(api) {
    const row = this.resolve({ $ref: `#/components/schemas/${api.name}` });
    const operation = api.operations.get ?? Object.values(api.operations)[0];
    const filters = this.filters(operation);
    return Object.entries(row?.properties ?? {}).map(([name, schema]) => ({
      name,
      type: schema["x-pg-type"] ?? "",
      operators: filters.find((one) => one.name === name || one.name === quoted(name))?.["x-operators"] ?? [],
    }));
  }

  /** Media types that an operation answers with. */
  mediaTypes(operation) {
    const good = operation.responses?.["200"] ?? operation.responses?.["201"];
    return Object.keys(this.resolve(good ?? {}).content ?? {});
  }

  /** A body's members, with nulls for values: what can be written. */
  sampleBody(operation) {
    const schema = this.resolve(this.resolve(operation.requestBody)?.content?.["application/json"]?.schema);
    const row = this.resolve(schema?.oneOf?.[0] ?? schema);
    return JSON.stringify(Object.fromEntries(Object.keys(row?.properties ?? {}).map((name) => [name, null])), null, 2);
  }

  /** [status, description, its codes] of what may go wrong: a status has one description for each kind of operation. */
  errors() {
    const found = new Map();
    for (const { operations } of this.#paths()) {
      for (const operation of Object.values(operations)) {
        for (const [status, response] of Object.entries(operation.responses)) {
          if (Number(status) < 400) continue;
          const { description } = this.resolve(response);
          found.set(`${status} ${description}`, [status, description]);
        }
      }
    }
    return [...found.values()].sort().map(([status, description]) => {
      const [text, codes] = description.split(" Codes: ");
      return [status, text, (codes ?? "").replace(/\.$/, "")];
    });
  }
}

export function quoted(name) {
  return `"${name.replace(/["\\]/g, "\\$&")}"`;
}
