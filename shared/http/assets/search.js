// The search over paths, words and operation ids.

const input = () => document.getElementById("search");

/** Lower case without accents. */
const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function textOf(entry, tag) {
  const { summary, description, operationId, parameters = [] } = entry.get("operation").toJS();
  const named = parameters.flatMap((parameter) => [parameter.name, parameter.description]);
  return folded([entry.get("method"), entry.get("path"), operationId, tag, summary, description, ...named].join(" "));
}

/** The operations that have every word of the phrase, under their tags. */
function matching(tags, phrase) {
  const words = folded(phrase).split(/\s+/).filter(Boolean);
  return tags
    .map((tag, name) =>
      tag.update("operations", (entries) =>
        entries.filter((entry) => words.every((word) => textOf(entry, name).includes(word))),
      ),
    )
    .filter((tag) => tag.get("operations").size > 0);
}

const count = (system) =>
  system.specSelectors.taggedOperations().reduce((sum, tag) => sum + tag.get("operations").size, 0);

/** A plugin for Swagger UI: the page's own search instead of a filter of tags. */
export function searchPlugin(system) {
  const { createElement } = system.React;
  const clear = () => {
    search(system, "");
    input().focus();
  };
  const Operations = (Original) => (props) =>
    system.layoutSelectors.currentFilter() && count(system) === 0
      ? createElement(
          "div",
          { className: "nothing-found" },
          createElement("p", null, `Nothing matches “${system.layoutSelectors.currentFilter()}”.`),
          createElement("button", { className: "btn", type: "button", onClick: clear }, "Show all operations"),
        )
      : createElement(Original, props);
  return { fn: { opsFilter: matching }, wrapComponents: { FilterContainer: () => () => null, operations: Operations } };
}

function search(system, phrase) {
  input().value = phrase;
  system.layoutActions.updateFilter(phrase.trim());
  document.body.classList.toggle("is-searching", phrase.trim() !== "");
  const found = count(system);
  document.getElementById("found").textContent = phrase.trim()
    ? `${found} ${found === 1 ? "operation" : "operations"} found`
    : "";
  for (const tag of system.specSelectors.taggedOperations().keySeq()) {
    system.layoutActions.show(["operations-tag", tag], true);
  }
}

/** Searches for what is in the field: for what was typed before the document was there. */
export const searchAgain = (system) => input().value && search(system, input().value);

/** Connects the field in the page's head. `/` goes to it, Escape empties it. */
export function connectSearch(system) {
  input().addEventListener("input", () => search(system, input().value));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
      event.preventDefault();
      input().focus();
    } else if (event.key === "Escape" && event.target === input()) {
      search(system, "");
    }
  });
}
