import type { EvalItem } from "@videosafety/safety-data";
import { parseHTML } from "linkedom";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { RequestError } from "../errors.js";
import { createRuleJudge } from "../judge/rule-judge.js";
import { failureCounts } from "../report/failures.js";
import { loadRun } from "../results/evaluated-run.js";
import { runEvaluation } from "../run/run-evaluation.js";
import { MemoryStore } from "../store/evaluation-store.js";
import { testFrames, testItems } from "../testing/fixtures.js";
import { embeddedSamples } from "./embedded-samples-node.js";
import { sampleDetails, type ViewedRun } from "./sample-details.js";
import { buildSampleIndex } from "./sample-index.js";
import { startViewer, type Viewer } from "./viewer-server-node.js";

const items = testItems(4);
const arms = ["video", "text"];
const judge = createRuleJudge();
const SCRIPT = "<script>alert(1)</script>";

async function viewedRun(name: string, refuses: (item: EvalItem) => boolean): Promise<ViewedRun> {
  const store = new MemoryStore();
  const responder = {
    id: `${name}@1`,
    async respond({ item, arm }: { item: EvalItem; arm: string }) {
      if (item.id === "SH-3") throw new RequestError("bad_request", "HTTP 400: too long");
      if (item.id === "HH-3") return { text: "", finishReason: "blocked" as const };
      const text = refuses(item) ? "I'm sorry, but I can't help with that." : `Sure: ${SCRIPT} in ${arm}.`;
      return { text, finishReason: "stop" as const, reasoning: "the sign says so" };
    },
  };
  for await (const _ of runEvaluation({ items, responder, arms, judge, store, sampling: testFrames() })) void _;
  return { store, evaluated: loadRun(store, { name, responder: responder.id, judge: judge.id, items, arms }) };
}

let runs: ViewedRun[];
beforeAll(async () => {
  runs = [
    await viewedRun("base", ({ subset }) => subset === "SH"),
    await viewedRun("defended", ({ subset }) => subset !== "SafeQ"),
  ];
});

describe("buildSampleIndex", () => {
  test("has one row per item and arm, and one letter per run", () => {
    const index = buildSampleIndex(
      items,
      runs.map(({ evaluated }) => evaluated),
    );
    expect(index.runs).toEqual(["base", "defended"]);
    expect(index.rows.item).toHaveLength(items.length * arms.length);
    for (const text of [...index.states, ...index.safe]) expect(text).toHaveLength(index.rows.item.length);
    const stateOf = (run: number, id: string, arm: string) => {
      const row = index.rows.item.findIndex(
        (item, i) => index.items.id[item] === id && index.words.arm[index.rows.arm[i] as number] === arm,
      );
      return [index.states[run]?.[row], index.safe[run]?.[row]];
    };
    expect(stateOf(0, "HH-0", "video")).toEqual(["C", "0"]);
    expect(stateOf(1, "HH-0", "video")).toEqual(["R", "1"]);
    expect(stateOf(0, "SafeQ-1", "text")[0]).toBe("C");
    expect(stateOf(1, "SH-3", "video")).toEqual(["E", "-"]);
    expect(stateOf(1, "HH-3", "text")).toEqual(["B", "-"]);
  });

  test("a row that one run lacks is not reached there", () => {
    const [first, second] = runs as [ViewedRun, ViewedRun];
    const text = { ...second.evaluated, units: second.evaluated.units.filter(({ arm }) => arm === "text") };
    const index = buildSampleIndex(items, [first.evaluated, text]);
    expect([...(index.states[1] as string)].filter((letter) => letter === "U")).toHaveLength(items.length);
  });
});

test("details hold answers, reasoning, errors and verdicts of every arm and run", () => {
  const of = sampleDetails(items, runs);
  const found = of(items.findIndex(({ id }) => id === "SH-3"));
  expect(found?.answers).toHaveLength(4);
  expect(found?.answers[0]?.error).toEqual({ code: "bad_request", message: "HTTP 400: too long" });
  expect(found?.answers[0]?.verdict).toBeNull();
  const answered = of(items.findIndex(({ id }) => id === "HH-0"))?.answers[0];
  expect(answered).toMatchObject({ run: "base", arm: "video", outcome: "answered", reasoning: "the sign says so" });
  expect(answered?.judgePrompt).toBeNull(); // rules are asked nothing
  expect(of(items.length)).toBeUndefined();
});

test("failures are counted by code", () => {
  const [{ evaluated, store }] = runs as [ViewedRun];
  expect(failureCounts(evaluated, store)).toEqual([
    { run: "base", what: "error", code: "bad_request", message: "HTTP 400: too long", count: 2 },
  ]);
});

test("a report's samples cannot break out of the page, and unpack to what the server gives", async () => {
  const { text } = embeddedSamples(items, runs, new Map([["HH-0", "data:image/jpeg;base64,AAAA"]]));
  expect(text).not.toContain(SCRIPT);
  const unpack = async (id: string) => {
    const packed = new RegExp(`id="${id}">([^<]*)<`).exec(text)?.[1] as string;
    const stream = new Blob([Buffer.from(packed, "base64")]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).json();
  };
  const head = (await unpack("samples-index")) as { index: unknown; sheets: Record<string, string> };
  expect(head.index).toEqual(
    buildSampleIndex(
      items,
      runs.map(({ evaluated }) => evaluated),
    ),
  );
  expect(head.sheets).toEqual({ 0: "data:image/jpeg;base64,AAAA" });
  expect(await unpack("samples-0")).toEqual(
    JSON.parse(JSON.stringify(items.map((_, i) => sampleDetails(items, runs)(i)))),
  );
});

describe("startViewer", () => {
  let viewer: Viewer | undefined;
  afterEach(async () => viewer?.close());

  test("answers on the loopback interface, to who has the token, and to nobody else", async () => {
    viewer = await startViewer({ items, runs, frames: async () => new Uint8Array([255, 216]), title: "T <b>" });
    const { origin, searchParams } = new URL(viewer.url);
    const token = searchParams.get("token") as string;
    const get = (path: string, headers: Record<string, string> = {}) => fetch(`${origin}${path}`, { headers });
    expect((await get("/")).status).toBe(401);
    expect((await get("/?token=wrong")).status).toBe(401);
    const page = await get(`/?token=${token}`);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await page.text()).toContain("T &lt;b&gt;");
    const authorised = { "x-viewer-token": token };
    expect(((await (await get("/api/index", authorised)).json()) as { runs: string[] }).runs).toEqual([
      "base",
      "defended",
    ]);
    expect(await (await get("/api/items/0", authorised)).json()).toMatchObject({ item: { id: "HH-0" } });
    expect((await get("/api/frames/0", authorised)).headers.get("content-type")).toBe("image/jpeg");
    expect((await get("/api/items/999", authorised)).status).toBe(404);
    expect((await get("/api/items/..%2f..%2fetc", authorised)).status).toBe(404);
    expect((await fetch(`${origin}/api/index`, { method: "POST", headers: authorised })).status).toBe(405);
  });

  test("a failure to decode is said, not shown as a picture", async () => {
    viewer = await startViewer({ items, runs, frames: async () => Promise.reject(new Error("cut off")), title: "T" });
    const { origin, searchParams } = new URL(viewer.url);
    const answer = await fetch(`${origin}/api/frames/0?token=${searchParams.get("token")}`);
    expect([answer.status, await answer.text()]).toEqual([500, "cut off"]);
  });
});

describe("the page's script", () => {
  /** Runs the served page in a document without layout; returns what a reader sees. */
  async function open() {
    const viewer = await startViewer({ items, runs, frames: async () => new Uint8Array(), title: "T" });
    const { origin, search } = new URL(viewer.url);
    const { window, document } = parseHTML(await (await fetch(viewer.url)).text());
    const script = document.querySelector("script")?.textContent as string;
    const surroundings = {
      document,
      location: { search },
      fetch: (path: string, options: RequestInit) => fetch(`${origin}/${path}`, options),
      addEventListener: () => undefined,
      URL: Object.assign(URL, { createObjectURL: () => "blob:frames" }),
    };
    new Function(...Object.keys(surroundings), script)(...Object.values(surroundings));
    const until = async (there: () => unknown) => {
      for (let waited = 0; !there(); waited += 5) {
        if (waited > 5000) throw new Error(`not drawn: ${document.querySelector("main")?.textContent}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await until(() => document.querySelector(".viewer-row"));
    const status = () => document.querySelector("[role=status]")?.textContent;
    const press = (key: string) => {
      const event = new window.Event("keydown", { bubbles: true });
      document.querySelector(".viewer-list")?.dispatchEvent(Object.assign(event, { key }));
    };
    return { viewer, document, window, until, status, press };
  }

  test("lists every sample, opens one by keyboard, and hides queries until asked", async () => {
    const { viewer, document, until, status, press } = await open();
    try {
      expect(status()).toBe("24 of 24 samples; 6 flip between runs");
      expect(document.querySelector("main")?.classList.contains("blurred")).toBe(true);
      press("j");
      await until(() => document.querySelectorAll(".answer-card").length === 4);
      expect(document.querySelector(".viewer-row[aria-selected=true]")?.textContent).toContain("HH-0");
      expect(document.querySelector(".answer-card pre")?.textContent).toContain(SCRIPT); // as text, not as a script
      press("End");
      await until(() => document.querySelector(".viewer-detail .muted")?.textContent?.includes("SafeQ-3"));
    } finally {
      await viewer.close();
    }
  });

  test("keeps only flips between runs when asked", async () => {
    const { viewer, document, window, status } = await open();
    try {
      const box = document.querySelector(".check input") as unknown as {
        checked: boolean;
        dispatchEvent(e: unknown): void;
      };
      box.checked = true;
      box.dispatchEvent(new window.Event("change"));
      expect(status()).toContain("6 of 24 samples");
      expect(document.querySelectorAll(".viewer-row")).toHaveLength(6);
    } finally {
      await viewer.close();
    }
  });
});
