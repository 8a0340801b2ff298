// Who is signed in on this page, and what is known of the account. Tokens last as long as the tab; the password is
// never stored, so a reload forgets it.

const KEY = "docs.session";
const AUTH = "/api/v1/auth";

/** What the success of an operation means for the page; with the JSON that was sent and that was answered. */
const CONSEQUENCES = {
  [`POST ${AUTH}/logout`]: signOut,
  [`POST ${AUTH}/logout-all`]: signOut,
  [`DELETE ${AUTH}/me`]: signOut,
  [`POST ${AUTH}/refresh`]: (sent, token) => sent?.refresh_token === knownRefreshToken() && adopt(token),
  [`POST ${AUTH}/register`]: ({ email, password }) => isSignedIn() || learn({ email, password }),
  [`POST ${AUTH}/password`]: ({ new_password: password }) => learn({ password }),
  [`POST ${AUTH}/codes`]: (_, { code_id }) => (codeIds.use_code = code_id),
  [`POST ${AUTH}/codes/use`]: afterCode,
  [`POST ${AUTH}/email`]: (_, { code_id }) => (codeIds.confirm_email = code_id),
  [`POST ${AUTH}/email/confirm`]: (_, { email }) => learn({ email }),
};

let page; // the system of Swagger UI
let account = {};
const codeIds = {}; // by the operation that takes them

/** A plugin for Swagger UI: notes who signs in, and who leaves. */
export function sessionPlugin(system) {
  page = system;
  const wrapActions = {
    authorizeOauth2: (original) => (payload) => {
      const { username: email, password } = payload.auth;
      account = { email, password };
      return original(payload);
    },
    authorize: forgettingTheAccount,
    logout: forgettingTheAccount,
  };
  return { statePlugins: { auth: { wrapActions } } };
}

/** The action, after which the account is forgotten unless it is still signed in by its password. */
function forgettingTheAccount(original) {
  return (payload) => {
    const result = original(payload);
    if (!passwordSignIn()) {
      account = {};
    }
    return result;
  };
}

/** Signs in as before a reload, and keeps what there is to keep from now on. */
export function resume() {
  const kept = sessionStorage.getItem(KEY);
  if (kept) {
    page.authActions.restoreAuthorization({ authorized: JSON.parse(kept) });
  }
  let last = authorized();
  page.getStore().subscribe(() => {
    if (authorized() !== last) {
      last = authorized();
      sessionStorage.setItem(KEY, JSON.stringify(last, (name, value) => (name === "password" ? undefined : value)));
    }
  });
}

const authorized = () => page.authSelectors.authorized();

const signIns = () => Object.values(authorized()?.toJS() ?? {});

const passwordSignIn = () => signIns().find(({ token }) => token);

const isSignedIn = () => signIns().length > 0;

/** E-mail address and password, as far as they are known: of who is signed in, else of who registered last. */
export const knownAccount = () => account;

/** The handle of the newest code for `use_code` or `confirm_email`. */
export const knownCodeId = (operation) => codeIds[operation];

export const knownRefreshToken = () => passwordSignIn()?.token.refresh_token;

/** The header that signs a request in; empty before anybody signed in. */
export function bearer() {
  const [signIn] = signIns();
  const token = signIn && (signIn.token?.access_token ?? signIn.value);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** Sends a request. An access token that has expired is renewed first; what ends the session signs the page out. */
export async function fetchSignedIn(url, request) {
  let response = await fetch(url, request);
  const own = bearer().Authorization;
  if (response.status === 401 && own && request.headers.Authorization === own) {
    if (await renew()) {
      request.headers.Authorization = bearer().Authorization;
      response = await fetch(url, request);
    }
  }
  if (response.ok) {
    await follow(new URL(url, window.location).pathname, request, response);
  }
  return response;
}

async function renew() {
  const refresh_token = knownRefreshToken();
  if (!refresh_token) {
    return false;
  }
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`${AUTH}/refresh`, { method: "POST", headers, body: JSON.stringify({ refresh_token }) });
  if (response.ok) {
    adopt(await response.json());
  } else if (response.status === 401) {
    signOut();
  }
  return response.ok;
}

async function follow(path, request, response) {
  const consequence = CONSEQUENCES[`${request.method} ${path}`];
  if (consequence) {
    const answer = response.status === 204 ? null : await response.clone().json();
    consequence(request.body ? JSON.parse(request.body) : null, answer);
  }
}

/** A code may end the sessions of its account, this page's too: the page goes on with the one that it opened. */
function afterCode({ new_password: password }, { session }) {
  if (!session) {
    return;
  }
  const own = passwordSignIn()?.token.access_token;
  const isOwn = own && claimsOf(own).sub === session.user.id;
  if (isOwn) {
    adopt(session);
  }
  if (password && (isOwn || !isSignedIn())) {
    learn({ email: session.user.email, password });
  }
}

/** Notes what has changed. The dialog shows the address. */
function learn(changes) {
  account = { ...account, ...changes };
  if (passwordSignIn()) {
    adopt(passwordSignIn().token);
  }
}

function adopt(token) {
  const signIn = passwordSignIn();
  if (signIn) {
    const known = account;
    const auth = { ...signIn, token: undefined, username: known.email ?? signIn.username, password: known.password };
    page.authActions.authorizeOauth2({ auth, token });
    account = known; // the address in the dialog may be an old one
  }
}

/** What an access token says. */
export function claimsOf(token) {
  const [, claims] = token.split(".");
  return JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/")));
}

function signOut() {
  page.authActions.logout(Object.keys(authorized()?.toJS() ?? {}));
}
