import { type Html, html, raw } from "../report/html.js";
import { REPORT_STYLE } from "../report/report-style.js";
import { CLIENT_DETAIL } from "./client-detail.js";
import { CLIENT_LIST } from "./client-list.js";
import { VIEWER_STYLE } from "./viewer-style.js";

/** Where the samples come from when a server answers. */
const SERVED = `
const token = new URLSearchParams(location.search).get("token");
const get = async (path) => {
  const response = await fetch(path, { headers: { "x-viewer-token": token || "" } });
  if (!response.ok) throw new Error(await response.text());
  return response;
};
startViewer({
  index: async () => (await get("api/index")).json(),
  details: async (item) => (await get("api/items/" + item)).json(),
  frames: async (item) => URL.createObjectURL(await (await get("api/frames/" + item)).blob()),
});
`;

/** Where the samples come from when they lie in the page: gzip and base64, unpacked when they are asked for. */
const EMBEDDED = `
const unpack = async (id) => {
  const node = document.getElementById(id);
  if (!node) throw new Error("it is not part of this file");
  const bytes = Uint8Array.from(atob(node.textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
};
let head = null;
const chunks = new Map();
startViewer({
  index: async () => { head = await unpack("samples-index"); return head.index; },
  details: async (item) => {
    const chunk = Math.floor(item / head.perChunk);
    if (!chunks.has(chunk)) chunks.set(chunk, unpack("samples-" + chunk));
    return (await chunks.get(chunk))[item % head.perChunk];
  },
  frames: async (item) => head.sheets[item] ?? null,
});
`;

/** The script of the sample browser. @param where `served`: `vsb-eval view`; `embedded`: a report's own samples. */
export function viewerScript(where: "served" | "embedded"): string {
  const text = `(() => {\n${CLIENT_LIST}${CLIENT_DETAIL}${where === "served" ? SERVED : EMBEDDED}\n})();`;
  return text.replaceAll("</", "<\\/");
}

/** The page that `vsb-eval view` serves. */
export function viewerPage(title: string): string {
  const page: Html = html`${raw("<!doctype html>")}
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">
<title>${title}</title><style>${raw(REPORT_STYLE)}${raw(VIEWER_STYLE)}body{max-width:1500px}</style></head><body>
<header><h1>${title}</h1><p class="muted">Every sample of every arm. Queries and frames are blurred until you ask for them.</p></header>
<main id="viewer"></main><script>${raw(viewerScript("served"))}</script></body></html>
`;
  return page.text;
}
