export { type ByteBudget, createByteBudget } from "./serving/byte-budget.js";
export {
  createHttpServer,
  type HttpOptions,
  json,
  type Reply,
  type Route,
  sameSecret,
} from "./serving/http-server-node.js";
export { endOfJsonString } from "./serving/json-strings.js";
export { closeServer, listen } from "./serving/listen-node.js";
export { isLoopback } from "./serving/loopback.js";
export { readBody, type SharedBody } from "./serving/read-body-node.js";
export {
  ClosingError,
  type ErrorBody,
  OverloadedError,
  RequestError,
  type RequestIssue,
} from "./serving/request-error.js";
