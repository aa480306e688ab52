export { type Command, EXIT, type Terminal } from "./command/command.js";
export { DefenseError, type DefenseErrorCode } from "./errors.js";
