import { basename } from "node:path";
import { startViewer } from "../viewer/viewer-server-node.js";
import { framePictures } from "./frame-pictures-node.js";
import { openComparable } from "./report-commands-node.js";
import type { Terminal } from "./terminal.js";

/** `vsb-eval view`: serves the samples of some runs until it is interrupted. */
export async function viewCommand(
  folders: readonly string[],
  options: { readonly judge?: string; readonly port: number },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { runs, items } = await openComparable(folders, options);
  const viewer = await startViewer({
    items,
    runs,
    frames: framePictures(runs[0]?.manifest.root ?? "."),
    title: `Samples of ${folders.map((folder) => basename(folder)).join(", ")}`,
    port: options.port,
  });
  terminal.out(`${viewer.url}\n`);
  terminal.err("open this address in a browser on this machine; Ctrl-C ends it\n");
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  await viewer.close();
}
