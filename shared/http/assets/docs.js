"use strict";

const documents = [
  { name: "Whole API", service: "", url: "/openapi.json" },
  { name: "Auth", service: "auth", url: "/api/v1/auth/openapi.json" },
  { name: "Products", service: "products", url: "/api/v1/products/openapi.json" },
  { name: "Cart", service: "cart", url: "/api/v1/cart/openapi.json" },
];

const chosen = () => {
  const wanted = new URLSearchParams(window.location.search).get("service") ?? "";
  return documents.find(({ service }) => service === wanted) ?? documents[0];
};

const navigation = document.getElementById("documents");
for (const { name, service } of documents) {
  const link = document.createElement("a");
  link.href = service ? `/docs?service=${service}` : "/docs";
  link.textContent = name;
  if (service === chosen().service) {
    link.setAttribute("aria-current", "page");
  }
  navigation.append(link);
}

SwaggerUIBundle({
  dom_id: "#swagger-ui",
  url: chosen().url,
  deepLinking: true,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: true, // the choice of another service keeps the session
  tryItOutEnabled: true,
  validatorUrl: null, // nothing is sent to another host
});
