import { asObject, asText, type Loose } from "../loose.js";

/** An error as a server writes it. */
export interface ErrorBody {
  /** The message, "" when there is none. */
  readonly message: string;
  /** `error.code` as text; null when there is none. */
  readonly code: string | null;
  /** `error.type`. */
  readonly type: string | null;
  /** `error.param`: the member of the request that is at fault. */
  readonly param: string | null;
  /** The whole error object. */
  readonly error: Loose;
}

const messageOf = (value: unknown): string => {
  const text = asText(value);
  if (text !== null) return text;
  return value === undefined || value === null ? "" : JSON.stringify(value);
};

/**
 * The error in a body, in the forms of OpenAI (`error: {}`), Ollama (`error: ""`), Google (`[{ error }]`), older vLLM
 * (`object: "error"`), DashScope (`code`, `message`) and FastAPI (`detail`); null when the body holds none. With `choices`
 * beside it only an `error` member counts.
 */
export function errorBody(body: unknown): ErrorBody | null {
  if (Array.isArray(body)) return body.length > 0 && asObject(body[0]).error !== undefined ? errorBody(body[0]) : null;
  const object = asObject(body);
  if (object.error !== undefined && object.error !== null && object.error !== false) {
    const error = asObject(object.error);
    const message =
      asText(object.error) ?? messageOf(error.message ?? error.msg ?? asText(object.message) ?? undefined);
    return { message, error, ...named(error) };
  }
  if (Array.isArray(object.choices)) {
    const error = asObject(asObject(object.choices[0]).error);
    return Object.keys(error).length === 0 ? null : { message: messageOf(error.message), error, ...named(error) };
  }
  if (object.object === "error" || (object.code !== undefined && object.message !== undefined))
    return { message: messageOf(object.message), error: object, ...named(object) };
  if (Array.isArray(object.detail)) return validationError(object.detail);
  if (object.detail !== undefined) return { message: messageOf(object.detail), error: object, ...named(object) };
  if (object.error_code !== undefined || object.error_msg !== undefined)
    return { message: messageOf(object.error_msg), error: object, ...named({ code: object.error_code }) };
  return null;
}

/** FastAPI's list of validation errors: `[{ type, loc: ["body", "seed"], msg }]`. */
function validationError(details: readonly unknown[]): ErrorBody {
  const first = asObject(details[0]);
  const place = Array.isArray(first.loc) ? first.loc.filter((part) => part !== "body") : [];
  return {
    message: details
      .map((detail) => `${messageOf(asObject(detail).msg)} (${JSON.stringify(asObject(detail).loc)})`)
      .join("; "),
    code: asText(first.type),
    type: null,
    param: place.length === 0 ? null : String(place[0]),
    error: first,
  };
}

function named(error: Loose): Pick<ErrorBody, "code" | "type" | "param"> {
  const { code, type, status, param } = error;
  return {
    code: typeof code === "number" || typeof code === "string" ? String(code) : asText(status),
    type: asText(type),
    param: asText(param),
  };
}
