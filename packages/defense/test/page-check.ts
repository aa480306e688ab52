/**
 * Opens the guard's page in a real Chromium: `npx tsx test/page-check.ts [folder for pictures]` (CHROMIUM names the program). What it shows must be
 * what was asked, nothing may come from elsewhere or be blocked by its own policy, and nothing of a request's text may stand in it.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createRng } from "@videosafety/random";
import { picture, startTestProxy } from "./guard-fixtures.js";

const run = promisify(execFile);
const profile = mkdtempSync(join(tmpdir(), "guard-page-"));
const pictures = process.argv[2];
const flags = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--hide-scrollbars",
  `--user-data-dir=${profile}`,
  "--virtual-time-budget=4000",
  "--enable-logging=stderr",
  "--log-level=0",
];
const { proxy, chat, stop } = await startTestProxy({ driftMaximumScores: 1000 });
const SECRET = "<img src=x onerror=alert(1)> words of a user";
const rng = createRng(7);
let failures = 0;
const check = (name: string, good: boolean): void => {
  if (!good) failures++;
  process.stdout.write(`${good ? "ok  " : "FAIL"} ${name}\n`);
};
try {
  for (let i = 0; i < 80; i++)
    await chat([
      { type: "text", text: `${SECRET} [${i === 70 ? 4 : (rng.normal() * 0.9 - 1).toFixed(4)}]` },
      picture(i),
    ]);
  await chat("words alone");
  await chat([{ type: "input_audio", input_audio: {} }]);
  const open = async (...more: string[]) =>
    run(process.env.CHROMIUM ?? "chromium", [...flags, ...more, proxy.pageUrl], {
      maxBuffer: 2 ** 26,
      timeout: 90_000,
    });
  const { stdout: dom, stderr } = await open("--dump-dom");
  check("the state is told", /id="state"[^>]*class="badge ok"[^>]*>promise holds, as far as known</.test(dom));
  check("a refusal is listed", /<td class="bad">refused<\/td>/.test(dom));
  check("the promise is told", dom.includes("At most 5 % of safe inputs"));
  check("82 chat requests are counted", dom.includes("<b>82</b>"));
  check("both charts are drawn", (dom.match(/<circle /g) ?? []).length === 80 && dom.includes("<polyline"));
  check("50 requests are listed", (dom.match(/<tr>/g) ?? []).length === 51);
  check("nothing of a request's text stands in it", !dom.includes("words of a user") && !dom.includes("onerror"));
  check("nothing is blocked and nothing fails", !/Content Security Policy|Uncaught|Refused to/i.test(stderr));
  check("no address but its own", !/(src|href)=|https?:\/\/(?!www\.w3\.org)/.test(dom.replace(proxy.baseUrl, "")));
  if (pictures !== undefined)
    for (const [name, size, dark] of [
      ["wide-light", "1200,1500", false],
      ["wide-dark", "1200,1500", true],
      ["narrow-dark", "500,1700", true],
    ] as const)
      await open(
        `--screenshot=${join(pictures, `${name}.png`)}`,
        `--window-size=${size}`,
        ...(dark ? ["--blink-settings=preferredColorScheme=0"] : ["--blink-settings=preferredColorScheme=1"]),
      );
} finally {
  await stop();
  rmSync(profile, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
