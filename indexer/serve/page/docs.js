// The documentation page: what openapi.json says, for the token that the reader has.
import { ApiDocument } from "./document.js";
import { element, prose } from "./elements.js";
import { Session } from "./session.js";
import { TryIt } from "./try_it.js";

const parts = Object.fromEntries(["session", "title", "version", "search", "apis", "notice", "article", "content"]
  .map((id) => [id, document.getElementById(id)]));
const session = new Session(parts.session, load);
let shown = null;

async function load() {
  parts.notice.hidden = false;
  parts.notice.textContent = "Reading what there is …";
  try {
    shown = await ApiDocument.load(session.token);
  } catch (error) {
    parts.notice.textContent = `The APIs can't be read: ${error.message}`;
    if (session.token) {
      session.refused(error.message);
      shown = await ApiDocument.load("").catch(() => shown);
    }
    if (!shown) return;
  }
  parts.notice.hidden = true;
  parts.title.textContent = shown.json.info.title;
  parts.version.textContent = shown.json.info.version;
  listApis();
  showChosen();
}

function listApis() {
  const apis = shown.apis();
  parts.search.parentElement.hidden = apis.length < 10;
  const wanted = parts.search.value.trim().toLowerCase();
  const found = apis.filter((api) => api.name.includes(wanted));
  const here = location.hash.slice(2);
  parts.apis.replaceChildren(...found.map((api) => element("li", {},
    element("a", { href: `#/${api.name}`, "aria-current": api.name === here ? "page" : null }, api.name))));
}

function showChosen() {
  const name = decodeURIComponent(location.hash.slice(2));
  const api = shown.apis().find((one) => one.name === name);
  document.title = api ? `${api.name} – ${shown.json.info.title}` : shown.json.info.title;
  for (const link of parts.apis.querySelectorAll("a")) {
    if (link.hash === location.hash) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  parts.article.replaceChildren(...(api ? apiPage(api) : overview()));
}

function overview() {
  const apis = shown.apis();
  const rows = apis.map((api) => element("tr", {},
    element("th", { scope: "row" }, element("a", { href: `#/${api.name}` }, `/${api.name}`)),
    element("td", { class: "codes" }, Object.keys(api.operations).map((method) => [element("code", {}, method.toUpperCase()), " "])),
    element("td", {}, prose(Object.values(api.operations)[0].description ?? ""))));
  const services = shown.services().flatMap((one) => Object.entries(one.operations).map(([method, operation]) => element("tr", {},
    element("th", { scope: "row" }, element("code", {}, `${method.toUpperCase()} ${one.path}`)), element("td", {}, operation.summary))));
  const errors = shown.errors().map(([status, text, codes]) => element("tr", {}, element("th", { scope: "row" }, status),
    element("td", {}, text), element("td", { class: "codes" }, codes.split(" ").map((code) => [element("code", {}, code), " "]))));
  return [
    element("h1", {}, "APIs"),
    element("p", {}, prose(shown.json.info.description)),
    table(["API", "Takes", "Rows"], rows, apis.length === 0 ? (session.token ? "This token reads no API." : "No API is public: log in to see what you may read.") : null),
    element("h2", {}, "The service itself"), table(["Request", "Does"], services),
    element("p", {}, "For machines all of this is in ", element("a", { href: "openapi.json" }, "openapi.json"), " (OpenAPI 3.1)."),
    element("h2", {}, "Errors"),
    element("p", {}, "Always an object with ", prose("`code`, `message`, `details` and `hint`."), " The code is an SQLSTATE, or PostgREST's."),
    table(["Status", "When", "Codes"], errors),
  ];
}

function apiPage(api) {
  const columns = shown.columns(api).map(({ name, type, operators }) => element("tr", {},
    element("th", { scope: "row" }, element("code", {}, name)), element("td", {}, type),
    element("td", { class: "codes" }, operators.length > 0 ? operators.map((one) => [element("code", {}, one), " "]) : "can only be read")));
  return [
    element("h1", {}, `/${api.name}`),
    element("p", {}, prose(Object.values(api.operations)[0].description ?? "")),
    element("h2", {}, "Columns"), table(["Column", "Type", "Filters"], columns),
    element("h2", {}, "Try it"), new TryIt(shown, api, session).form,
  ];
}

function table(heads, rows, none) {
  if (none) return element("p", {}, none);
  return element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": heads.join(", ") }, element("table", {},
    element("thead", {}, element("tr", {}, heads.map((text) => element("th", { scope: "col" }, text)))), element("tbody", {}, rows)));
}

parts.search.addEventListener("input", listApis);
addEventListener("hashchange", () => {
  if (!location.hash.startsWith("#/") || !shown) return;
  showChosen();
  scrollTo(0, 0);
  parts.content.focus({ preventScroll: true });
});
load();
