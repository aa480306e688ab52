import { gzipSync } from "node:zlib";
import type { EvalItem } from "@videosafety/safety-data";
import { type Html, html, raw } from "../report/html.js";
import { sampleDetails, type ViewedRun } from "./sample-details.js";
import { buildSampleIndex } from "./sample-index.js";
import { viewerScript } from "./viewer-page.js";
import { VIEWER_STYLE } from "./viewer-style.js";

/** Items per packed piece: one is unpacked when the first of its items is opened. */
const PER_CHUNK = 200;

const packed = (id: string, value: unknown): Html =>
  html`<script type="text/plain" id="${id}">${raw(gzipSync(JSON.stringify(value), { level: 6 }).toString("base64"))}</script>\n`;

/**
 * The sample browser as a section of a page that stands alone: every sample of every run, compressed, unpacked in the reader's browser piece by
 * piece.
 *
 * @param sheets contact sheets (`data:` images) by item id, for the items that have one
 */
export function embeddedSamples(
  items: readonly EvalItem[],
  runs: readonly ViewedRun[],
  sheets: ReadonlyMap<string, string | null>,
): Html {
  const index = buildSampleIndex(
    items,
    runs.map(({ evaluated }) => evaluated),
  );
  const detailsOf = sampleDetails(items, runs);
  const shown: Record<number, string> = {};
  items.forEach(({ id }, i) => {
    const sheet = sheets.get(id);
    if (typeof sheet === "string") shown[i] = sheet;
  });
  const chunks = Array.from({ length: Math.ceil(items.length / PER_CHUNK) }, (_, chunk) =>
    packed(
      `samples-${chunk}`,
      items.slice(chunk * PER_CHUNK, (chunk + 1) * PER_CHUNK).map((_, i) => detailsOf(chunk * PER_CHUNK + i)),
    ),
  );
  return html`<style>${raw(VIEWER_STYLE)}</style><section id="samples"><h2>Samples</h2><p class="muted">Every sample of every arm. Queries and frames are blurred until you ask for them.</p>
<div id="viewer"></div><noscript><p>This part needs scripts; they are in this file and ask nothing of the network.</p></noscript>
${packed("samples-index", { index, perChunk: PER_CHUNK, sheets: shown })}${chunks}<script>${raw(viewerScript("embedded"))}</script></section>`;
}
