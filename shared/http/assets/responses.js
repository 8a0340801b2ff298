// The documented responses as a list of one line each, which open. Otherwise a dozen errors with an example each bury
// what an operation answers.

/** A plugin for Swagger UI. */
export function responsesPlugin(system) {
  const { createElement, Fragment, useState } = system.React;

  const Response = (Original) =>
    function FoldedResponse(props) {
      const { code, response } = props;
      const [isOpen, open] = useState(/^2/.test(code));
      const button = createElement(
        "button",
        { type: "button", "aria-expanded": isOpen, onClick: () => open(!isOpen) },
        createElement("span", { className: "code" }, code),
        createElement("span", { className: "words" }, response.get("description")),
      );
      const line = createElement(
        "tr",
        { className: "folded-response" },
        createElement("td", { colSpan: 3 }, button),
      );
      return createElement(Fragment, null, line, isOpen ? createElement(Original, props) : null);
    };

  return { wrapComponents: { response: Response } };
}
