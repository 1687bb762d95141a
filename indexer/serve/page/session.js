// Who reads and writes. The tokens are in this page's memory only, and gone with it.
import { button, copy, element, field } from "./elements.js";

const LATEST = 30; // seconds before a token's end at which the next one is asked for
const LONGEST_PAUSE = 2 ** 31 - 1; // milliseconds that a timer can wait

export class Session {
  #token = "";
  #refreshToken = "";
  #timer = 0;
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
    this.#take({ access_token: "" });
    this.#show(message);
  }

  #set(tokens) {
    this.#take(tokens);
    this.#show();
    this.#changed();
  }

  /** An answer with tokens: { access_token, expires_in, refresh_token }, of which the last two may be missing. */
  #take({ access_token: token, expires_in: seconds, refresh_token: refreshToken }) {
    clearTimeout(this.#timer);
    this.#token = token.trim();
    this.#refreshToken = refreshToken ?? "";
    if (!this.#refreshToken) return;
    const pause = Math.max(seconds - LATEST, seconds / 2) * 1000;
    this.#timer = setTimeout(() => this.#refresh(), Math.min(pause, LONGEST_PAUSE));
  }

  /** A refresh token is good once, so that this asks once for each. What is being filled in on the page stays. */
  async #refresh() {
    const used = this.#refreshToken;
    try {
      const answer = await send("auth/refresh", used);
      const body = await answer.json();
      if (this.#refreshToken !== used) return; // logged out meanwhile
      if (!answer.ok) throw new Error(body.message ?? `status ${answer.status}`);
      this.#take(body);
      this.#show();
    } catch {
      if (this.#refreshToken === used) this.#refreshToken = ""; // nobody knows whether it is still good
    }
  }

  #logOut() {
    if (this.#refreshToken) send("auth/logout", this.#refreshToken).catch(() => {});
    this.#set({ access_token: "" });
  }

  #show(message) {
    this.place.replaceChildren(this.#token ? this.#signedIn() : this.#form(message));
  }

  #signedIn() {
    const { sub, exp } = claims(this.#token);
    const until = exp ? `, until ${new Date(exp * 1000).toLocaleTimeString()}` : "";
    const copied = button("Copy token", {}, () => copy(copied, this.#token));
    return element("div", { class: "row" }, element("span", {}, `${sub ?? "With a token"}${until}`), copied,
      button("Log out", {}, () => this.#logOut()));
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
      this.#set({ access_token: token.value });
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
  return body;
}

function send(path, refreshToken) {
  return fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, credentials: "omit",
    body: JSON.stringify({ refresh_token: refreshToken }) });
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
