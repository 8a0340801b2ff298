// What the page writes into fields before anybody types.
//
// Required fields hold a value that works, optional ones are empty. A value such as {{email}} is known only when the
// request is sent: values.js fills it in.

const METHODS = ["get", "put", "post", "patch", "delete"];

const IN_PARAMETERS = {
  "If-Match": "{{etag}}",
  code: "{{promo_code}}",
  session_id: "{{session_id}}",
  user_id: "{{user_id}}",
};
const IN_BODIES = {
  code: "{{promo_code}}",
  current_password: "{{password}}",
  email: "{{email}}",
  guest_token: "{{guest_token}}",
  new_password: "{{password}}",
  password: "{{password}}",
  refresh_token: "{{refresh_token}}",
  user_id: "{{user_id}}",
  username: "{{email}}",
};
/**
 * What an operation creates has a name that is not taken yet, and the account that an administrator changes, ends or
 * deletes was made for that. A mailed code cannot be known: with the example the operation answers how it refuses one.
 */
const OF_OPERATIONS = {
  add_promotion_use: { user_id: "{{new_user_id}}" },
  change_email: { email: "{{new_email}}" },
  confirm_email: { code: undefined, code_id: "{{email_code_id}}" },
  create_product: { sku: "{{new_sku}}" },
  create_promotion: { code: "{{new_promo_code}}" },
  delete_user: { user_id: "{{new_user_id}}" },
  end_user_session: { user_id: "{{new_user_id}}", session_id: "{{new_session_id}}" },
  end_user_sessions: { user_id: "{{new_user_id}}" },
  register: { email: "{{new_email}}", password: undefined },
  revoke: { token: "{{guest_token}}" },
  send_user_reset: { user_id: "{{new_user_id}}" },
  update_user: { user_id: "{{new_user_id}}" },
  use_code: { code: undefined, code_id: "{{code_id}}", new_password: undefined },
};

const FILLED_IN = "What is in `{{braces}}` is filled in when you press Execute.";

/** A plugin for Swagger UI. */
export function prefillPlugin(system) {
  const { getJsonSampleSchema: sampleOf } = system.fn.jsonSchema202012;
  const getJsonSampleSchema = (schema, config, mediaType, example) =>
    // Swagger UI takes NDJSON for JSON, and an example of several lines for one JSON string.
    String(mediaType).includes("ndjson") && example ? example : sampleOf(schema, config, mediaType, example);
  const updateJsonSpec = (original) => (read) => original(withPrefilledValues(read));
  return { fn: { jsonSchema202012: { getJsonSampleSchema } }, statePlugins: { spec: { wrapActions: { updateJsonSpec } } } };
}

/** The OpenAPI document with prefilled values; the given one stays as it is. */
function withPrefilledValues(document) {
  const copy = structuredClone(document);
  for (const item of Object.values(copy.paths)) {
    for (const operation of METHODS.map((method) => item[method]).filter(Boolean)) {
      const values = { ...IN_PARAMETERS, ...OF_OPERATIONS[operation.operationId] };
      operation.parameters?.forEach((parameter) => prefillParameter(parameter, values));
      prefillBody(operation, copy.components?.schemas ?? {});
    }
  }
  return copy;
}

function prefillParameter(parameter, values) {
  const schema = (parameter.schema ??= {});
  const example = parameter.example ?? schema.examples?.[0] ?? schema.example;
  const { default: usual } = schema;
  for (const holder of [parameter, schema]) {
    delete holder.example;
    delete holder.examples;
    delete holder.default;
  }
  if (parameter.required) {
    const value = values[parameter.name] ?? example;
    if (value !== undefined) {
      parameter.example = value;
    }
    if (parameter.name in values) {
      delete schema.pattern; // Swagger UI would refuse {{…}}
      parameter.description = `${parameter.description} ${FILLED_IN}`;
    }
    return;
  }
  const notes = [usual === undefined || usual === "" ? "" : `Default: \`${usual}\`.`];
  notes.push(example === undefined ? "" : `Example: \`${example}\`.`);
  parameter.description = [parameter.description, ...notes].filter(Boolean).join(" ");
}

function prefillBody(operation, schemas) {
  const values = { ...IN_BODIES, ...OF_OPERATIONS[operation.operationId] };
  for (const content of Object.values(operation.requestBody?.content ?? {})) {
    content.schema = prefilled(content.schema ?? {}, schemas, values);
    if (JSON.stringify(content.schema).includes("{{")) {
      operation.requestBody.description = FILLED_IN;
    }
    content.example = filled(content.example, values);
    if (content.example === undefined) {
      delete content.example;
    }
  }
}

/** The schema, and each of its choices, with the values as its examples. */
function prefilled(schema, schemas, values) {
  const resolved = structuredClone(resolve(schema, schemas));
  for (const [name, property] of Object.entries(resolved.properties ?? {})) {
    if (values[name] !== undefined) {
      property.examples = [values[name]];
    }
  }
  if (resolved.examples) {
    resolved.examples = resolved.examples.map((example) => filled(example, values));
  }
  if (resolved.oneOf) {
    resolved.oneOf = resolved.oneOf.map((choice) => prefilled(choice, schemas, values));
  }
  return resolved;
}

/** The schema behind a reference, or of a body that may be left out. */
function resolve(schema, schemas) {
  const given = schema.anyOf?.find((choice) => choice.type !== "null") ?? schema;
  return given.$ref ? schemas[given.$ref.split("/").at(-1)] : given;
}

function filled(example, values) {
  if (example === null || typeof example !== "object" || Array.isArray(example)) {
    return example;
  }
  return Object.fromEntries(Object.entries(example).map(([name, value]) => [name, values[name] ?? value]));
}
