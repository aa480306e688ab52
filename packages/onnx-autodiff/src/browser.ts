export * from "./portable.js";
export { createSession } from "./session-web.js";
