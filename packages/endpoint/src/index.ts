export { type BaseUrl, displayUrl, parseBaseUrl } from "./address/base-url.js";
export { type Endpoint, type ResolvedEndpoint, resolveEndpoint } from "./address/endpoint.js";
export { createRedactor, type Redactor } from "./address/redact.js";
export { type ChatMessage, type ChatOutcome, type ContentPart, chatCompletion } from "./chat/chat-completion.js";
export { type Finish, type FinishReason, finishOf } from "./chat/finish-reason.js";
export {
  type ChatChoice,
  type ChatCompletion,
  type GeneratedToken,
  readCompletion,
  type TokenLogProb,
  type Usage,
} from "./chat/read-completion.js";
export { type Embeddings, embedTexts } from "./embeddings/embed-texts.js";
export { EndpointError, type EndpointErrorCode, type EndpointErrorDetails } from "./errors.js";
export { mapLimited } from "./transport/map-limited.js";
export { after, pause } from "./transport/pause.js";
export { type JsonAnswer, type JsonRequest, requestJson } from "./transport/request-json.js";
export { retryAfterSeconds, waitSeconds } from "./transport/retry-after.js";
