// Who reads. The token is in this page's memory only, and gone with it.
import { button, copy, element, field } from "./elements.js";

export class Session {
  #token = "";
  #changed;

  /** @param changed called when there is another token, or none any more */
  constructor(place, changed) {
    this.place = place;
    this.#changed = changed;
    this.#show();
  }

  get token() {
    return this.#token;
  }

  /** Forgets a token that the server does not take. */
  refused(message) {
    this.#token = "";
    this.#show(message);
  }

  #set(token) {
    this.#token = token.trim();
    this.#show();
    this.#changed();
  }

  #show(message) {
    this.place.replaceChildren(this.#token ? this.#signedIn() : this.#form(message));
  }

  #signedIn() {
    const { sub, exp } = claims(this.#token);
    const until = exp ? `, until ${new Date(exp * 1000).toLocaleTimeString()}` : "";
    const copied = button("Copy token", {}, () => copy(copied, this.#token));
    return element("div", { class: "row" }, element("span", {}, `${sub ?? "With a token"}${until}`), copied,
      button("Log out", {}, () => this.#set("")));
  }

  #form(message) {
    const account = element("input", { autocomplete: "username", required: true, spellcheck: "false" });
    const password = element("input", { type: "password", autocomplete: "current-password", required: true });
    const login = element("form", {}, field("Account", account), field("Password", password),
      element("button", { type: "submit", class: "first" }, "Log in"));
    const token = element("input", { autocomplete: "off", spellcheck: "false", required: true });
    const paste = element("form", {}, field("or a token", token), element("button", { type: "submit" }, "Use it"));
    const says = element("p", { class: "error", role: "alert" }, message ?? "");
    login.addEventListener("submit", async (event) => {
      event.preventDefault();
      says.textContent = "";
      try {
        this.#set(await logIn(account.value, password.value));
      } catch (error) {
        says.textContent = error.message;
      }
    });
    paste.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#set(token.value);
    });
    return element("details", { class: "login", open: Boolean(message) }, element("summary", {}, "Log in"),
      element("div", { class: "panel" }, login, paste, says));
  }
}

async function logIn(account, password) {
  const bytes = new TextEncoder().encode(`${account}:${password}`);
  const basic = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  // Without credentials of its own the browser asks for none when this is refused.
  const answer = await fetch("auth/login", { method: "POST", headers: { Authorization: `Basic ${basic}` }, credentials: "omit" });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.message ?? `status ${answer.status}`);
  return body.access_token;
}

/** What a token says of itself; nothing here trusts it. */
function claims(token) {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) ?? {};
  } catch {
    return {};
  }
}
