// A machine on which neither node-av nor ffmpeg-static is installed: their names resolve to nothing.
import { register } from "node:module";

const hook = `export async function resolve(name, context, next) {
  if (/^(node-av|ffmpeg-static)(\\/|$)/.test(name))
    throw Object.assign(new Error("Cannot find package '" + name + "'"), { code: "ERR_MODULE_NOT_FOUND" });
  return next(name, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
await import("./cli-from-source.mjs");
