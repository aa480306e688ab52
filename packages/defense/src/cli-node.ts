import { main } from "./cli/main-node.js";

const controller = new AbortController();
// A second Ctrl-C falls through to the default and ends the process.
process.once("SIGINT", () => controller.abort(new Error("interrupted: the same command with --resume continues")));
process.once("SIGTERM", () => controller.abort(new Error("terminated: the same command with --resume continues")));
// A sweep that dies takes its runs along: nobody would read what they find, and they hold the folders that the next sweep wants.
const alone = (): void => controller.abort(new Error("the sweep that started this run is gone"));
process.once("disconnect", alone);
process.channel?.unref();
if (process.connected === false) alone(); // while this program was loading

// `videosafety ... | head` closes the pipe early: that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

process.exitCode = await main(
  process.argv.slice(2),
  {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    interactive: process.stderr.isTTY === true,
    columns: () => process.stderr.columns ?? 80,
  },
  controller.signal,
);
