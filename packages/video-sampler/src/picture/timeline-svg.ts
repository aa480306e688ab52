import type { BlindSpotReport } from "../blind-spots/blind-spot-report.js";
import { formatSeconds } from "../video/format-seconds.js";

const WIDTH = 960;
const LEFT = 24;
const BAR = { top: 74, height: 44 };
const COLORS = { unseen: "#d8dde6", longest: "#c7372f", shown: "#14618f", text: "#1c2430", faint: "#5b6675" };

/**
 * A picture of what a sampling shows of a video: the time line, a stroke per frame that is shown, blind spots grey, the longest one red.
 * @param title stands above it, such as the file's name and the plan
 * @returns an SVG document, 960 pixels wide
 */
export function timelineSvg(report: BlindSpotReport, title: string): string {
  const [start, end] = report.rangeSeconds;
  const span = Math.max(end - start, 1e-9);
  const x = (seconds: number) => LEFT + ((seconds - start) / span) * (WIDTH - 2 * LEFT);
  const longest = report.blindSpots.reduce<(typeof report.blindSpots)[number] | null>(
    (best, spot) =>
      best === null || spot.endSeconds - spot.startSeconds > best.endSeconds - best.startSeconds ? spot : best,
    null,
  );
  const bar = (from: number, to: number, color: string) =>
    `<rect x="${x(from).toFixed(2)}" y="${BAR.top}" width="${Math.max(0.4, x(to) - x(from)).toFixed(2)}" height="${BAR.height}" fill="${color}"/>`;
  const strokes = report.shownSeconds.map(
    (seconds) =>
      `<rect x="${(x(seconds) - 1).toFixed(2)}" y="${BAR.top - 8}" width="2" height="${BAR.height + 16}" fill="${COLORS.shown}"/>`,
  );
  const seen = `${report.shownFrames.length} of ${report.frameCount} frames shown, ${formatSeconds(report.unseenSeconds)} of ${formatSeconds(span)} s unseen`;
  const insert =
    report.longestInsert === null
      ? "every frame is shown"
      : `longest insert that stays unseen: ${report.longestInsert.seconds.toFixed(2)} s (${report.longestInsert.frames} frames)`;
  const below = BAR.top + BAR.height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} 200" width="${WIDTH}" height="200" role="img" font-family="sans-serif" font-size="13" fill="${COLORS.text}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="200" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="26" font-size="15" font-weight="bold">${escaped(title)}</text>`,
    `<text x="${LEFT}" y="48">${seen}; ${insert}</text>`,
    bar(start, end, COLORS.unseen),
    longest === null ? "" : bar(longest.startSeconds, longest.endSeconds, COLORS.longest),
    ...strokes,
    ...axis(start, end, x, below + 12),
    ...legend(longest !== null, below + 66),
    "</svg>",
    "",
  ].join("\n");
}

function axis(start: number, end: number, x: (seconds: number) => number, top: number): string[] {
  const span = end - start;
  const step =
    [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600].find((s) => span / s <= 12) ?? span / 10;
  const marks: string[] = [];
  for (let k = Math.ceil(start / step - 1e-9); k * step <= end + 1e-9; k++) {
    const at = x(k * step).toFixed(2);
    marks.push(`<line x1="${at}" x2="${at}" y1="${top}" y2="${top + 6}" stroke="${COLORS.faint}"/>`);
    marks.push(`<text x="${at}" y="${top + 22}" text-anchor="middle" fill="${COLORS.faint}">${clock(k * step)}</text>`);
  }
  return marks;
}

/** `1.5 s` below two minutes, `2:30` above. */
function clock(seconds: number): string {
  if (seconds < 120) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function legend(withLongest: boolean, top: number): string[] {
  const entries = [
    [COLORS.shown, "a frame the model is shown"],
    [COLORS.unseen, "never shown"],
    ...(withLongest ? [[COLORS.longest, "the longest blind spot"]] : []),
  ];
  return entries.map(
    ([color, text], i) =>
      `<rect x="${LEFT + i * 230}" y="${top - 11}" width="12" height="12" fill="${color}"/><text x="${LEFT + 20 + i * 230}" y="${top}">${text}</text>`,
  );
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
