// Who is signed in on this page, and what is known of the account. Tokens last as long as the tab; the password is
// never stored, so a reload forgets it.

const KEY = "docs.session";
const REFRESH = "/api/v1/auth/refresh";
const ENDS_THE_SESSION = [
  ["POST", "/api/v1/auth/logout"],
  ["POST", "/api/v1/auth/logout-all"],
  ["DELETE", "/api/v1/auth/me"],
];

let page; // the system of Swagger UI
let account = {};

/** A plugin for Swagger UI: notes who signs in. */
export function sessionPlugin(system) {
  page = system;
  const wrapActions = {
    authorizeOauth2: (original) => (payload) => {
      const { username: email, password } = payload.auth;
      account = { email, password };
      return original(payload);
    },
  };
  return { statePlugins: { auth: { wrapActions } } };
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

/** E-mail address and password, as far as they are known. */
export const knownAccount = () => account;

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
  const response = await fetch(REFRESH, { method: "POST", headers, body: JSON.stringify({ refresh_token }) });
  if (response.ok) {
    adopt(await response.json());
  } else if (response.status === 401) {
    signOut();
  }
  return response.ok;
}

async function follow(path, request, response) {
  if (ENDS_THE_SESSION.some(([method, ending]) => method === request.method && ending === path)) {
    signOut();
  } else if (path === REFRESH && request.body && JSON.parse(request.body).refresh_token === knownRefreshToken()) {
    adopt(await response.clone().json());
  }
}

function adopt(token) {
  const { token: _spent, ...auth } = passwordSignIn();
  page.authActions.authorizeOauth2({ auth: { ...auth, username: account.email, password: account.password }, token });
}

function signOut() {
  account = {};
  page.authActions.logout(Object.keys(authorized()?.toJS() ?? {}));
}
