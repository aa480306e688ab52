import { createHash } from "node:crypto";
import { GUARD_PAGE_SCRIPT } from "./guard-page-script.js";
import { GUARD_PAGE_STYLE } from "./guard-page-style.js";

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** The page's policy: its own script and style, by their hashes, and its own server; nothing else. */
export const GUARD_PAGE_POLICY = `default-src 'none'; script-src ${hashOf(GUARD_PAGE_SCRIPT)}; style-src ${hashOf(GUARD_PAGE_STYLE)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The page at the proxy's root: live scores, refusals, and the drift test. Every value is fetched; none stands in the page. */
export const GUARD_PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">
<title>Guard</title><style>${GUARD_PAGE_STYLE}</style></head><body>
<header><h1>Guard</h1><p id="state" role="status" class="badge">loading</p></header>
<main>
<p id="promise"></p>
<section aria-label="Counts" id="counts" class="cards"></section>
<section><h2>Scores of the latest requests</h2><p class="muted">Each dot is a request, oldest left. Above the line it raises the alarm.</p><div id="scores" class="chart"></div></section>
<section><h2>Drift test</h2><p id="drift" class="muted"></p><div id="evidence" class="chart"></div></section>
<section><h2>Latest requests</h2><div class="scroll" tabindex="0" role="region" aria-label="Latest requests"><table><thead><tr><th scope="col">time</th><th scope="col">what the guard did</th><th scope="col">p(harm | video)</th><th scope="col">p(harm | query)</th><th scope="col">decided by</th><th scope="col">turns</th><th scope="col">ms</th></tr></thead><tbody id="events"></tbody></table></div></section>
<details><summary>What it was calibrated on</summary><pre id="calibrated"></pre></details>
</main><script>${GUARD_PAGE_SCRIPT}</script></body></html>
`;
