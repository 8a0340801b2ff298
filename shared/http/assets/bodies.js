// The box of a body has as many rows as its text, up to a limit. The style does the same, and counts the rows of long
// lines too, in browsers that know `field-sizing`.

const MOST_ROWS = 24;

/** A plugin for Swagger UI. */
export function bodyPlugin(system) {
  const TextArea = (Original) =>
    function FittingTextArea(props) {
      const rows = Math.min(String(props.value ?? "").split("\n").length, MOST_ROWS);
      return system.React.createElement(Original, { ...props, rows });
    };
  return { wrapComponents: { TextArea } };
}
