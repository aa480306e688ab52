import type { Json } from "../content-key.js";
import { type Html, html } from "./html.js";

/** Where and how runs happened, as nested lists that wrap: a long value never makes the page wider. */
export function environmentTable(environment: Readonly<Record<string, Json>>): Html {
  return html`${Object.entries(environment).map(([name, value]) => html`<details><summary>${name}</summary>${node(value)}</details>`)}`;
}

function node(value: Json): Html {
  if (value === null || typeof value !== "object") return html`<span class="wrap">${String(value)}</span>`;
  const entries = Array.isArray(value) ? value.map((entry, i) => [`${i}`, entry] as const) : Object.entries(value);
  if (entries.length === 0) return html`<span class="muted">none</span>`;
  return html`<dl class="tree">${entries.map(([key, entry]) => html`<dt>${key}</dt><dd>${node(entry as Json)}</dd>`)}</dl>`;
}
