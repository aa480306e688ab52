/**
 * Runs the browser entry in a real Chromium: `npx tsx test/browser-check.ts` (CHROMIUM names the program).
 * Every frame sampled there must carry the bar code of the frame that the same plan gives on Node.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { build } from "esbuild";
import { sampleFrames } from "../src/index.js";
import { FIXTURES } from "./fixture-table.js";
import { encodeFixture, readFrameNumber, temporaryFolder } from "./fixture-video.js";

const NAMES = [
  "h264-gop12.mp4",
  "h264-vfr.mp4",
  "h264-rot90.mp4",
  "h264-offset-start.mp4",
  "h264-edit-list.mp4",
  "vp9.webm",
  "h264-late-start.mkv",
  "h264.m2t",
];
const PLANS = [
  { type: "uniform", frameCount: 7 },
  { type: "videollama3-reference", fps: 2 },
  { type: "timestamps", timestampsSeconds: [0.5, 0.1, 1.2] },
] as const;
const page = `import { sampleFrames } from "./browser.ts";
const results = {};
for (const name of ${JSON.stringify(NAMES)}) for (const plan of ${JSON.stringify(PLANS)}) {
  let result;
  try {
    const { frames, frameInfo, timestampsSeconds, stats } = await sampleFrames(await (await fetch("/" + name)).blob(), plan);
    const [count, height, width] = frames.dims;
    const numbers = Array.from({ length: count }, (_, t) => {
      let number = 0;
      for (let bit = 0; bit < 16; bit++) {
        const x = Math.floor(((bit % 8) + 0.5) * (width / 8)), y = Math.floor((Math.floor(bit / 8) + 0.5) * (height / 4));
        if (frames.data[((t * height + y) * width + x) * 3 + 1] > 128) number |= 1 << bit;
      }
      return number;
    });
    result = { numbers, indices: frameInfo.map((f) => f.index), times: [...timestampsSeconds], backend: stats.backend };
  } catch (error) { result = { error: String(error) }; }
  results[name + " " + plan.type] = result;
}
await fetch("/done", { method: "POST", body: JSON.stringify(results) });`;

const folder = temporaryFolder();
const bundle = await build({
  stdin: { contents: page, resolveDir: new URL("../src", import.meta.url).pathname, loader: "ts" },
  bundle: true,
  format: "esm",
  write: false,
  platform: "browser",
});
const script = bundle.outputFiles[0]?.text ?? "";
for (const name of NAMES) {
  const { firstFrame: _, ...options } = FIXTURES[name] ?? {};
  await encodeFixture(folder.file(name), { frameCount: 60, ...options });
}
let report: (text: string) => void = () => {};
const reported = new Promise<string>((resolve) => {
  report = resolve;
});
const server = createServer(async (request, response) => {
  if (request.url === "/")
    response.setHeader("content-type", "text/html").end('<script type="module" src="/page.js"></script>');
  else if (request.url === "/page.js") response.setHeader("content-type", "text/javascript").end(script);
  else if (request.url === "/done") {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.end();
    report(Buffer.concat(chunks).toString("utf8"));
  } else if (NAMES.includes(request.url?.slice(1) ?? ""))
    response.end(readFileSync(folder.file(request.url?.slice(1) ?? "")));
  else response.writeHead(404).end();
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const address = server.address();
const port = typeof address === "object" ? address?.port : 0;
const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", `--user-data-dir=${folder.path}/profile`];
const browser = spawn(process.env.CHROMIUM ?? "chromium", [...flags, `http://127.0.0.1:${port}/`], { stdio: "ignore" });
const timer = setTimeout(() => report("{}"), 90_000);
const results = JSON.parse(await reported) as Record<
  string,
  { numbers?: number[]; indices?: number[]; times?: number[]; error?: string }
>;
clearTimeout(timer);
browser.kill("SIGKILL");
server.close();

let failures = 0;
for (const name of NAMES)
  for (const plan of PLANS) {
    const node = await sampleFrames(folder.file(name), plan as never);
    const { data, dims } = node.frames;
    const size = dims[1] * dims[2] * 3;
    const expected = Array.from({ length: dims[0] }, (_, t) =>
      readFrameNumber(data.subarray(t * size, (t + 1) * size), dims[2], dims[1]),
    );
    const got = results[`${name} ${plan.type}`] ?? { error: "no result" };
    const times = [...node.timestampsSeconds];
    const equal =
      JSON.stringify(got.numbers) === JSON.stringify(expected) &&
      times.every((time, t) => Math.abs(time - (got.times?.[t] ?? Number.NaN)) < 1e-3);
    if (!equal) failures++;
    process.stdout.write(
      `${equal ? "ok  " : "DIFF"} ${name} ${plan.type}${equal ? "" : ` node ${expected} ${times.map((t) => t.toFixed(3))}, browser ${JSON.stringify(got)}`}\n`,
    );
  }
folder.remove();
process.exitCode = failures === 0 ? 0 : 1;
