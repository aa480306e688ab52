import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { drawnPlan } from "../arms/planned-moments.js";
import { findAttack } from "../attacks/attack-registry.js";
import { searchedAttack } from "../attacks/attack-search.js";
import { createRuleJudge } from "../judge/rule-judge.js";
import type { Responder, ResponderRequest } from "../run/responder.js";
import { colouredFrames, colouredItems, redness } from "../testing/timed-fixtures.js";
import { GUARD_PASS, GUARD_REFUSAL } from "./guard-responder.js";
import type { MatrixAttack, MatrixRun } from "./matrix-options.js";
import { checkMatrix } from "./run-matrix.js";
import { matrixInFolder } from "./write-matrix-node.js";

const USUAL = { type: "videollama3-reference" } as const;
const PLAIN: MatrixAttack = { name: "none", title: "", arm: "video", intensities: [] };
const SHORT: MatrixAttack = { name: "short", title: "", arm: "video+adaptive-fragment-short", intensities: [0.85] };

/** A guard that keeps what it saw: a second look is free for the machine, and priced all the same. */
function keepingGuard(asked: { looks: number }): Responder {
  const seen = new Map<string, string>();
  const answer = (request: ResponderRequest) => {
    const key = Buffer.from(request.frames?.frames.data ?? []).toString("latin1");
    if (!seen.has(key)) {
      asked.looks++;
      seen.set(key, redness(request) > 0.5 ? GUARD_REFUSAL : GUARD_PASS);
    }
    const calls = request.frames?.frames.dims[0] ?? 0;
    return { text: seen.get(key) as string, finishReason: "stop" as const, cost: { calls, milliseconds: 2 * calls } };
  };
  return {
    id: "keeping",
    respond: async (request) => answer(request),
    respondMany: async (requests) => requests.map(answer),
  };
}

const items = colouredItems(8);
const harmful = items.filter(({ subset }) => subset === "HH").map(({ id }) => id);
const searched = (queries: number) =>
  searchedAttack(
    findAttack("fragment-short"),
    new Map(harmful.map((id) => [id, { place: 0.5 }])),
    new Map(harmful.map((id) => [id, queries])),
  );
const folder = (): string => mkdtempSync(join(tmpdir(), "matrix-costs-"));
const common = { title: "Costs", judge: createRuleJudge(), clipsPerRow: 0 };

test("a cell costs the calls of the model and its time, kept or not, and the attacker's queries", async () => {
  const asked = { looks: 0 };
  const run: MatrixRun = {
    name: "guard",
    responder: keepingGuard(asked),
    sampling: colouredFrames(USUAL),
    attacks: [searched(7)],
  };
  const out = folder();
  const { cells } = await matrixInFolder({
    ...common,
    folder: out,
    attacks: [PLAIN, SHORT],
    defenses: [{ name: "guard", title: "", runs: ["guard"] }],
    groups: [1, 2].map((seed) => ({ seed, items, runs: [run] })),
  });
  expect(asked.looks).toBeLessThan(6);
  // Six frames each, asked one by one; two milliseconds for each whether it was looked at or remembered.
  const [plain, short] = cells;
  expect(plain?.cost).toEqual({ calls: 6, frames: 6, milliseconds: 12, queries: null });
  expect(short?.cost).toEqual({ calls: 6, frames: 6, milliseconds: 12, queries: 7 });
  const { document } = parseHTML(readFileSync(join(out, "matrix.html"), "utf8"));
  const [costs, queries] = [...document.querySelectorAll("#cost table")];
  expect(costs?.querySelector("thead")?.textContent).toContain("model calls");
  expect([...(queries?.querySelectorAll("tbody td") ?? [])].map(({ textContent }) => textContent)).toEqual(["7.0"]);
});

test("runs of one defense meet the same attack: what was searched against one is refused for another", () => {
  const run = (name: string, attack: MatrixRun["attacks"]): MatrixRun => ({
    name,
    responder: keepingGuard({ looks: 0 }),
    sampling: colouredFrames(USUAL),
    ...(attack === undefined ? {} : { attacks: attack }),
  });
  const same = searched(1);
  const check = (first: MatrixRun["attacks"], second: MatrixRun["attacks"], runs: string[]) =>
    checkMatrix({
      ...common,
      attacks: [PLAIN, SHORT],
      defenses: [{ name: "both", title: "", runs }],
      groups: [{ seed: 1, items, runs: [run("a", first), run("b", second)] }],
      openStore: () => Promise.reject(new Error("not opened")),
    });
  expect(() => check([same], [same], ["a", "b"])).not.toThrow();
  expect(() => check([same], [searched(1)], ["a"])).not.toThrow();
  expect(() => check([same], [searched(1)], ["a", "b"])).toThrow(
    /both.*adaptive-fragment-short.*search it against one/,
  );
});

test("a random plan draws anew for every video, the same for the same video", () => {
  const jittered = { type: "jittered", frameCount: 6, seed: 3 } as const;
  const seeds = Array.from({ length: 50 }, (_, i) => drawnPlan(jittered, { path: `clip-${i}.mp4` }));
  expect(new Set(seeds.map((plan) => JSON.stringify(plan))).size).toBe(50);
  expect(drawnPlan(jittered, { path: "clip-0.mp4" })).toEqual(seeds[0]);
  expect(drawnPlan(USUAL, { path: "clip-0.mp4" })).toBe(USUAL);
});
