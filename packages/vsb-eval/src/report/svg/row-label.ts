import { type Html, html } from "../html.js";

const GAP = 12;
const CHARACTER = 7.5;
const LEAST = 150;
const MOST = 300;

/** The room that labels at the left of a chart get, in pixels: that of the longest, within bounds. */
export function labelRoom(labels: readonly string[]): number {
  const longest = Math.max(0, ...labels.map((label) => [...label].length));
  return Math.min(MOST, Math.max(LEAST, Math.ceil(longest * CHARACTER) + GAP));
}

/** A row's label, ending where the chart begins; what does not fit is cut in the middle and stands whole in the tooltip. */
export function rowLabel(label: string, room: number, y: number): Html {
  const most = Math.floor((room - GAP) / CHARACTER);
  const characters = [...label];
  const half = Math.floor((most - 1) / 2);
  const shown =
    characters.length <= most ? label : `${characters.slice(0, half).join("")}…${characters.slice(-half).join("")}`;
  return html`<text x="${room - GAP}" y="${y}" text-anchor="end"><title>${label}</title>${shown}</text>`;
}
