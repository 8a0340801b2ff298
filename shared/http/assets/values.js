// What {{name}} in a field stands for. A value is looked up when a request is sent, with the session of this page.

import { bearer, claimsOf, fetchSignedIn, knownAccount, knownCodeId, knownRefreshToken } from "./session.js";

const PLACEHOLDER = /\{\{(\w+)\}\}|%7B%7B(\w+)%7D%7D/gi;
const API = "/api/v1";

const fresh = () => crypto.getRandomValues(new Uint32Array(1))[0].toString(36).toUpperCase();

let newestPromoCode = "SPRING10";
let newestAccount; // made to be changed, ended or deleted by an administrator

const VALUES = {
  email: async () => knownAccount().email ?? (await get(`${API}/auth/me`)).email,
  password: () => knownAccount().password,
  new_email: () => `ana.${fresh().toLowerCase()}@example.com`,
  new_sku: () => `KIT-${fresh()}`,
  new_promo_code: () => (newestPromoCode = `SPRING-${fresh()}`),
  code_id: () => knownCodeId("use_code"),
  email_code_id: () => knownCodeId("confirm_email"),
  etag: async (request) => (await ask(decodeURI(request.url))).headers.get("ETag") ?? "*",
  guest_token: async () => (await newGuest()).access_token,
  refresh_token: async () => knownRefreshToken() ?? (await newGuest()).refresh_token,
  promo_code: () => newestPromoCode,
  session_id: otherSession,
  user_id: otherUser,
  new_user_id: async () => (newestAccount = await newAccount()).user.id,
  new_session_id: newSession,
};

const ACCOUNT_NEEDED = "Authorize with e-mail and password, or write the value";
const CODE_NEEDED = (operation) => `Execute ${operation} first, or write the value`;
/** What to do where a value is not known. */
const ADVICE = {
  email: () => (bearer().Authorization ? ACCOUNT_NEEDED : `${ACCOUNT_NEEDED}, or execute register first`),
  password: () => ADVICE.email(),
  code_id: () => CODE_NEEDED("create_code"),
  email_code_id: () => CODE_NEEDED("change_email"),
  user_id: () => "Only an administrator can list accounts. Authorize as one, or write the value",
  new_session_id: () => "Only an administrator can list the sessions of an account. Write the value of one that it has",
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
    throw new Error(`The page does not know {{${name}}}. ${ADVICE[name]?.() ?? ACCOUNT_NEEDED}.`);
  }
  return value;
}

const insideJson = (value) => JSON.stringify(value).slice(1, -1);

const ask = (url) => fetchSignedIn(url, { method: "GET", headers: bearer() });

/** What is there; empty where the caller may not see it. */
async function get(url) {
  const response = await ask(url);
  return [401, 403].includes(response.status) ? {} : json(response);
}

const post = (path, body, headers = {}) =>
  fetch(API + path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

/** The content of an answer. Throws an Error with the shop's words if it refuses. */
async function json(response) {
  if (!response.ok) {
    const { detail } = await response.json().catch(() => ({}));
    const path = new URL(response.url).pathname;
    throw new Error(`The page needs a value from ${path}, which answers ${response.status}: ${detail ?? "no reason"}`);
  }
  return response.json();
}

const newGuest = async () => json(await post("/auth/guest", {}, bearer()));

/** Nobody signs in to it: its password is not kept. */
async function newAccount() {
  return json(
    await post("/auth/register", { name: "Ana", email: VALUES.new_email(), password: crypto.randomUUID() }),
  );
}

/** A session of the caller's other than this page's: one that is there, or one more sign-in. */
async function otherSession() {
  const { items = [] } = await get(`${API}/auth/sessions`);
  const other = items.find(({ current }) => !current);
  const { password } = knownAccount();
  if (other || !password) {
    return (other ?? items[0])?.id;
  }
  const login = await post("/auth/login", { email: await VALUES.email(), password });
  if (login.status === 401) {
    throw new Error("The page's password is out of date. Authorize again.");
  }
  return sessionOf(await json(login));
}

const sessionOf = ({ access_token }) => claimsOf(access_token).sid;

/** Of the account that was made for this request, or whose id was written into the address. */
async function newSession({ url }) {
  if (url.includes("new_user_id")) {
    return sessionOf(newestAccount);
  }
  return (await get(url.replace(/\/sessions\/.*/, "/sessions"))).items?.[0]?.id;
}

/** A customer; the caller where nobody else may be seen. */
async function otherUser() {
  const { items = [] } = await get(`${API}/auth/users?limit=100`);
  return (items.find(({ role }) => role === "customer") ?? (await get(`${API}/auth/me`))).id;
}
