/** What the guard's proofs and its soak share: a guard that they make themselves, an upstream behind a recorder, and the command that serves. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request as requestHttp } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRng, type Rng } from "@videosafety/random";
import type { EvalItem } from "@videosafety/safety-data";
import { calibrateFromItems } from "../src/guard/calibrate/calibrate-guard-node.js";
import type { GuardFile } from "../src/guard/file/guard-file.js";
import { answerChat, bodyOf, dataUrl, greyPng, startUpstream } from "../test/guard-fixtures.js";
import { writeTinyCheckpoint } from "../test/tiny-checkpoint.js";

/** A picture of one grey level and a question. */
export interface Drawn {
  readonly level: number;
  readonly text: string;
}
/** Draws of one distribution. */
export const draw = (rng: Rng): Drawn => ({
  level: 40 + rng.integer(100),
  text: `what happens here ${String(rng.integer(1e6)).padStart(6, "0")}?`,
});
/** Content of the user's turn that shows the picture and asks the question. */
export const contentOf = ({ level, text }: Drawn) => [
  { type: "text" as const, text },
  { type: "image_url" as const, image_url: { url: dataUrl("image/png", greyPng(level, 16)) } },
];

/** The false refusal rate that the guard of {@link makeGuard} promises, with confidence 95 %. */
export const TARGET_FRR = 0.05;

/** A guard of two layers, calibrated on 500 safe items and 100 others, in a folder of its own. */
export interface MadeGuard {
  readonly folder: string;
  readonly checkpoint: string;
  readonly guardFile: string;
  readonly file: GuardFile;
  readonly calibrationSeconds: number;
  remove(): Promise<void>;
}
export async function makeGuard(): Promise<MadeGuard> {
  const folder = await mkdtemp(join(tmpdir(), "guard-proofs-"));
  process.env.VIDEOSAFETY_CACHE = join(folder, "cache");
  const picturePath = (level: number): string => join(folder, `grey-${level}.png`);
  for (let level = 0; level < 256; level++) await writeFile(picturePath(level), greyPng(level, 16));
  const checkpoint = join(folder, "model");
  await writeTinyCheckpoint(checkpoint);
  const rng = createRng(11);
  const items: EvalItem[] = Array.from({ length: 600 }, (_, i) => {
    const harmful = i >= 500 ? 1 : 0;
    const { level, text } = draw(rng);
    return {
      ...{ id: `item-${i}`, subset: harmful ? "HH" : "SafeQ", query: harmful ? text.replace("what", "this") : text },
      ...{ video: { path: picturePath(level) }, category: null, subcategory: null, language: "en" },
      labels: { visual: harmful, textual: harmful },
    };
  });
  const data = join(folder, "items.jsonl");
  await writeFile(data, items.map((item) => JSON.stringify(item)).join("\n"));
  const guardFile = join(folder, "guard.json");
  const started = performance.now();
  const file = await calibrateFromItems({
    ...{ checkpoint, items: data, root: folder, out: guardFile },
    ...{ targetFrr: TARGET_FRR, confidence: 0.95, refuseOn: "textual" },
  });
  return {
    ...{ folder, checkpoint, guardFile, file },
    calibrationSeconds: (performance.now() - started) / 1000,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** An upstream, behind a server that hears what it says. */
export interface RecordedUpstream {
  /** Where the guard sends. */
  readonly baseUrl: string;
  readonly name: string;
  /** Hears each whole answer, in bytes. */
  onAnswer: (bytes: Buffer) => void;
  close(): Promise<void>;
}

/**
 * Puts a recorder before an upstream, or before the tests' local server.
 *
 * @param upstream base URL of a server whose model reads words only: it is asked without the pictures; its answers go through untouched
 */
export async function startRecorder(upstream?: string): Promise<RecordedUpstream> {
  const own = upstream === undefined ? await startUpstream(answerChat) : null;
  const target = new URL(upstream ?? (own?.baseUrl as string));
  const recorder = createServer(async (request, response) => {
    const asked = await bodyOf(request);
    if (asked === null) return;
    const body = own === null && asked.length > 0 ? withoutPictures(asked) : asked;
    const { "transfer-encoding": _t, ...headers } = request.headers;
    const sent = requestHttp(
      {
        ...{ host: target.hostname, port: target.port, path: request.url, method: request.method },
        headers: { ...headers, host: target.host, "content-length": body.length },
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          response.write(chunk);
        });
        answer.on("error", () => response.destroy());
        answer.on("end", () => {
          started.onAnswer(Buffer.concat(chunks));
          response.end();
        });
      },
    );
    sent.on("error", () => response.destroy());
    response.on("close", () => sent.destroy());
    sent.end(body);
  });
  await new Promise<void>((resolve) => recorder.listen(0, "127.0.0.1", resolve));
  const started: RecordedUpstream = {
    baseUrl: `http://127.0.0.1:${(recorder.address() as AddressInfo).port}/v1`,
    name: upstream ?? "the tests' local server",
    onAnswer: () => {},
    async close() {
      recorder.closeAllConnections();
      await new Promise<void>((resolve) => recorder.close(() => resolve()));
      await own?.close();
    },
  };
  return started;
}

/** The request without its pictures. */
function withoutPictures(body: Buffer): Buffer {
  const asked = JSON.parse(body.toString()) as { messages: { content: string | { type: string; text?: string }[] }[] };
  const messages = asked.messages.map((message) => ({
    ...message,
    content: Array.isArray(message.content)
      ? message.content.find(({ type }) => type === "text")?.text
      : message.content,
  }));
  return Buffer.from(JSON.stringify({ ...asked, messages }));
}

/** A process of `videosafety guard serve`, from source. */
export interface ServedGuard {
  readonly child: ChildProcess;
  readonly baseUrl: string;
  readonly enginePid: number;
  /** Sends a chat request: a draw, or messages in `extra`. */
  chat(drawn: Drawn, extra?: object, init?: RequestInit): Promise<Response>;
  /** What `/v1/guard` says. */
  says(): Promise<{ drift: { observed: number; drifted: boolean; log_evidence: number } }>;
}

/** How the guard is served in every proof: fail-closed, pictures decoded in the proxy's own process. */
export interface ServeOptions {
  readonly upstream: string;
  readonly stateFile: string;
  readonly model: string;
  readonly tokens: number;
  /** Further flags, which win. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}
export async function serveGuard(
  { checkpoint, guardFile }: MadeGuard,
  options: ServeOptions,
  children: Set<ChildProcess>,
): Promise<ServedGuard> {
  const { upstream, stateFile, model, tokens, flags = [], env = {} } = options;
  const cli = fileURLToPath(new URL("../src/cli-node.ts", import.meta.url));
  const served = ["--checkpoint", checkpoint, "--calibration", guardFile, "--upstream", upstream, "--port", "0"];
  const fixed = ["--on-failure", "closed", "--no-isolate", "--log-level", "error", "--state-interval", "500"];
  const child = spawn(
    process.execPath,
    ["--import", "tsx", cli, "guard", "serve", ...served, ...fixed, "--state-file", stateFile, ...flags],
    {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: fileURLToPath(new URL("../../..", import.meta.url)),
      env: {
        ...process.env,
        TSX_TSCONFIG_PATH: fileURLToPath(new URL("../../../tsconfig.json", import.meta.url)),
        ...env,
      },
    },
  );
  children.add(child);
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  const { baseUrl, enginePid } = JSON.parse(line.toString()) as { baseUrl: string; enginePid: number };
  return {
    ...{ child, baseUrl, enginePid },
    chat: (drawn, extra = {}, init = {}) =>
      fetch(`${baseUrl}/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          ...{ model, max_tokens: tokens, messages: [{ role: "user", content: contentOf(drawn) }] },
          ...extra,
        }),
        ...init,
      }),
    says: async () => (await (await fetch(`${baseUrl}/guard`)).json()) as Awaited<ReturnType<ServedGuard["says"]>>,
  };
}

/** What the guard did, as its answer's header or status says. */
export const verdictOf = (answer: Response): string =>
  answer.status === 200 ? (answer.headers.get("x-videosafety-guard") ?? "unmarked") : `status ${answer.status}`;

/** Resident memory of a process in MiB. */
export const residentMiB = (pid: number | undefined): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;

/** Ends processes and waits for their end. */
export async function endAll(children: ReadonlySet<ChildProcess>): Promise<void> {
  for (const child of children) child.kill("SIGTERM");
  await Promise.all(
    [...children].map((child) => (child.exitCode === null && child.signalCode === null ? once(child, "exit") : null)),
  );
}
