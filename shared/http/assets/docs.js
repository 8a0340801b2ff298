// The documentation page: Swagger UI over the document of the whole API or of one service.

import { bodyPlugin } from "./bodies.js";
import { prefillPlugin } from "./prefill.js";
import { responsesPlugin } from "./responses.js";
import { connectSearch, searchAgain, searchPlugin } from "./search.js";
import { bearer, fetchSignedIn, resume, sessionPlugin } from "./session.js";
import { bounded } from "./streams.js";
import { fillIn } from "./values.js";

const DOCUMENTS = [
  { name: "Whole API", service: "", url: "/openapi.json" },
  { name: "Auth", service: "auth", url: "/api/v1/auth/openapi.json" },
  { name: "Products", service: "products", url: "/api/v1/products/openapi.json" },
  { name: "Cart", service: "cart", url: "/api/v1/cart/openapi.json" },
];

const wanted = new URLSearchParams(window.location.search).get("service") ?? "";
const chosen = DOCUMENTS.find(({ service }) => service === wanted) ?? DOCUMENTS[0];

for (const { name, service } of DOCUMENTS) {
  const link = document.createElement("a");
  link.href = service ? `/docs?service=${service}` : "/docs";
  link.textContent = name;
  if (service === chosen.service) {
    link.setAttribute("aria-current", "page");
  }
  document.getElementById("documents").append(link);
}

/** The request as it is sent. What is wrong with it shows as its answer: Swagger UI shows no error of an interceptor. */
async function prepared(request) {
  const own = bearer().Authorization;
  let failure;
  await fillIn(request).catch((error) => {
    failure = error;
  });
  if (own && request.headers.Authorization === own) {
    Object.assign(request.headers, bearer()); // a look-up may have renewed it
  }
  const userFetch = async (url, options) => {
    if (failure) {
      throw failure;
    }
    return bounded(await fetchSignedIn(url, options));
  };
  return { ...request, userFetch };
}

const ui = SwaggerUIBundle({
  dom_id: "#swagger-ui",
  url: chosen.url,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  plugins: [bodyPlugin, prefillPlugin, searchPlugin, responsesPlugin, sessionPlugin],
  requestInterceptor: prepared,
  tryItOutEnabled: true,
  validatorUrl: null, // nothing is sent to another host
  onComplete: () => {
    resume();
    searchAgain(ui.getSystem());
  },
});

connectSearch(ui.getSystem());
