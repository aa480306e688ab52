#!/usr/bin/env node
import { videosafety } from "@videosafety/defense";

const controller = new AbortController();
process.once("SIGINT", () => controller.abort(new Error("interrupted")));

// The program behind `npx videosafety ask`; `ask` of the same package gives the pieces of the answers to your own code.
process.exitCode = await videosafety(
  ["ask", ...process.argv.slice(2)],
  {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    interactive: process.stderr.isTTY === true,
  },
  controller.signal,
);
