// What {{name}} in a field stands for. A value is looked up when a request is sent, with the session of this page.

import { bearer, knownAccount, knownRefreshToken } from "./session.js";

const PLACEHOLDER = /\{\{(\w+)\}\}|%7B%7B(\w+)%7D%7D/gi;
const API = "/api/v1";

const fresh = () => crypto.getRandomValues(new Uint32Array(1))[0].toString(36).toUpperCase();

let newestPromoCode = "SPRING10";
let newestAccount; // made to be ended or deleted by an administrator

const VALUES = {
  email: async () => knownAccount().email ?? (await get("/auth/me")).email,
  password: () => knownAccount().password,
  new_email: () => `ana.${fresh().toLowerCase()}@example.com`,
  new_sku: () => `KIT-${fresh()}`,
  new_promo_code: () => (newestPromoCode = `SPRING-${fresh()}`),
  etag: async (request) => (await ask(decodeURI(request.url))).headers.get("ETag") ?? "*",
  guest_token: async () => (await newGuest()).access_token,
  refresh_token: async () => knownRefreshToken() ?? (await newGuest()).refresh_token,
  promo_code: () => newestPromoCode,
  session_id: otherSession,
  user_id: otherUser,
  new_user_id: async () => (newestAccount = await newAccount()).user.id,
  new_session_id: () => sessionOf(newestAccount.access_token),
};

/** The request with every placeholder filled in. Throws an Error for one that nobody can fill. */
export async function fillIn(request) {
  request.url = await replaced(request.url, request, encodeURIComponent);
  for (const [name, value] of Object.entries(request.headers)) {
    request.headers[name] = await replaced(String(value), request, String);
  }
  if (typeof request.body === "string") {
    const isForm = String(request.headers["Content-Type"]).includes("form");
    request.body = await replaced(request.body, request, isForm ? encodeURIComponent : insideJson);
  }
  return request;
}

async function replaced(text, request, escape) {
  let result = "";
  let end = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    const name = match[1] ?? match[2];
    if (name in VALUES) {
      result += text.slice(end, match.index) + escape(await known(name, request));
      end = match.index + match[0].length;
    }
  }
  return result + text.slice(end);
}

async function known(name, request) {
  const value = await VALUES[name](request);
  if (value === undefined || value === null) {
    throw new Error(`The page does not know {{${name}}}. Authorize with e-mail and password, or write the value.`);
  }
  return value;
}

const insideJson = (value) => JSON.stringify(value).slice(1, -1);

const ask = (url, method = "GET") => fetch(url, { method, headers: bearer() });

async function get(path) {
  return (await ask(API + path)).json();
}

async function newGuest() {
  return (await ask(`${API}/auth/guest`, "POST")).json();
}

async function newAccount() {
  const account = { name: "Ana", email: VALUES.new_email(), password: "correct horse battery" };
  const headers = { "Content-Type": "application/json" };
  return (await fetch(`${API}/auth/register`, { method: "POST", headers, body: JSON.stringify(account) })).json();
}

/** A session of the caller's other than this page's: one that is there, or one more sign-in. */
async function otherSession() {
  const { items = [] } = await get("/auth/sessions");
  const other = items.find(({ current }) => !current);
  if (other || !knownAccount().password) {
    return (other ?? items[0])?.id;
  }
  const headers = { "Content-Type": "application/json" };
  const login = await fetch(`${API}/auth/login`, { method: "POST", headers, body: JSON.stringify(knownAccount()) });
  return sessionOf((await login.json()).access_token);
}

/** The session that an access token belongs to. */
function sessionOf(token) {
  const [, claims] = token.split(".");
  return JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))).sid;
}

/** A customer; the caller where nobody else may be seen. */
async function otherUser() {
  const { items = [] } = await get("/auth/users?limit=100");
  return (items.find(({ role }) => role === "customer") ?? (await get("/auth/me"))).id;
}
