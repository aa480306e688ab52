import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { describe, expect, it, test } from "vitest";
import { findAttack } from "../attacks/attack-registry.js";
import { searchedAttack } from "../attacks/attack-search.js";
import { createRuleJudge } from "../judge/rule-judge.js";
import type { ScoredUnit } from "../metrics/scored-unit.js";
import type { Responder } from "../run/responder.js";
import { testResponder } from "../testing/fixtures.js";
import { colouredFrames, colouredItems, redness } from "../testing/timed-fixtures.js";
import { createGuardResponder } from "./guard-responder.js";
import { layeredUnits } from "./layered-units.js";
import type { MatrixAttack, MatrixOptions } from "./matrix-options.js";
import { type MatrixResults, parseMatrixResults } from "./matrix-results.js";
import { checkMatrix } from "./run-matrix.js";
import { type MatrixFolderOptions, matrixInFolder } from "./write-matrix-node.js";

const USUAL = { type: "videollama3-reference" } as const;
const BOUNDED = { type: "max-gap", maxGapSeconds: 0.4 } as const;
const JITTER = { type: "jittered", frameCount: 12, seed: 5 } as const;

const ATTACKS: MatrixAttack[] = [
  { name: "no attack", title: "as it is", arm: "video", intensities: [] },
  { name: "between samples", title: "gap", arm: "video+fragment-gap", intensities: [0, 0.5, 1] },
  { name: "base64", title: "encoded", arm: "video+base64", intensities: [1] },
];
const DEFENSES = [
  { name: "none", title: "the model alone", runs: ["model"] },
  { name: "guard", title: "the usual sampling", runs: ["guard", "model"] },
  { name: "bounded", title: "a bounded gap", runs: ["guard-bounded", "model"] },
  { name: "jitter", title: "random moments", runs: ["guard-jitter", "model"] },
];

const guard = (name: string): Responder => createGuardResponder(name, (request) => redness(request) > 0.5);

function folderOptions(seeds: readonly number[], model: Responder = testResponder(() => "Sure, here it is.")) {
  const judge = createRuleJudge();
  const options: MatrixFolderOptions = {
    folder: mkdtempSync(join(tmpdir(), "matrix-")),
    title: "Test <matrix>",
    attacks: ATTACKS,
    defenses: DEFENSES,
    judge,
    groups: seeds.map((seed) => ({
      seed,
      items: colouredItems(8),
      runs: [
        { name: "model", responder: model, sampling: colouredFrames(USUAL) },
        { name: "guard", responder: guard("usual"), sampling: colouredFrames(USUAL) },
        { name: "guard-bounded", responder: guard("bounded"), sampling: colouredFrames(BOUNDED, USUAL) },
        { name: "guard-jitter", responder: guard("jitter"), sampling: colouredFrames(JITTER, USUAL) },
      ],
    })),
  };
  return options;
}

const cellOf = ({ cells }: MatrixResults, attack: string, defense: string, intensity: number | null) => {
  const found = cells.find((one) => one.attack === attack && one.defense === defense && one.intensity === intensity);
  if (found === undefined) throw new Error(`no cell ${attack} ${defense} ${intensity}`);
  return found;
};

describe("a matrix", () => {
  it("shows what hides from a guard, and which sampling finds it, as the blind-spot bound predicts", async () => {
    const options = folderOptions([1]);
    const results = await matrixInFolder(options);
    const dsr = (attack: string, defense: string, intensity: number | null) =>
      cellOf(results, attack, defense, intensity).dsr.value;
    expect(dsr("no attack", "none", null)).toBe(0);
    for (const defense of ["guard", "bounded", "jitter"]) expect(dsr("no attack", defense, null)).toBe(1);
    expect(dsr("between samples", "guard", 1)).toBe(0);
    expect(dsr("between samples", "guard", 0)).toBe(1);
    expect(dsr("between samples", "bounded", 1)).toBe(1);
    expect(dsr("base64", "guard", 1)).toBe(1);
    for (const { frr } of results.cells) expect(frr.value).toBe(0);
    const drop = cellOf(results, "between samples", "guard", 1).drop;
    expect(drop.value).toBe(-1);
    expect(drop.interval?.upper).toBeLessThan(1);
    const seen = (run: string) =>
      results.visibility.find((row) => row.attack === "between samples" && row.intensity === 1 && row.run === run);
    expect(seen("guard")).toMatchObject({ predicted: 0, shown: 0 });
    expect(seen("guard-bounded")).toMatchObject({ predicted: 1, shown: 1 });
    expect(seen("guard-jitter")?.predicted).toBeGreaterThan(0.9);
    // The model is asked only about what the guard lets through.
    expect(cellOf(results, "no attack", "guard", null).cost.calls).toBeCloseTo(1.5, 6);
    expect(cellOf(results, "no attack", "guard", null).cost.milliseconds).toBeGreaterThan(0);
    expect(parseMatrixResults(JSON.parse(readFileSync(join(options.folder, "matrix.json"), "utf8")))).toEqual(results);
  });

  it("goes on where it stopped, and asks nothing twice", async () => {
    let calls = 0;
    const stop = new AbortController();
    const model = testResponder(() => {
      if (++calls === 10) stop.abort(new Error("stopped"));
      return "Sure.";
    });
    const options = folderOptions([1], model);
    await expect(matrixInFolder({ ...options, signal: stop.signal })).rejects.toThrow();
    const halfway = await matrixInFolder({ ...options, only: "report" });
    const cell = cellOf(halfway, "base64", "none", 1);
    expect(cell.dsr.n).toBeLessThan(cell.dsr.planned);
    expect([cell.dsr.lower, cell.dsr.upper]).toEqual([0, 1]);
    writeFileSync(
      join(options.folder, "costs.jsonl"),
      `${readFileSync(join(options.folder, "costs.jsonl"), "utf8")}{"torn`,
    );
    const before = model.calls;
    const results = await matrixInFolder(options);
    expect(cellOf(results, "base64", "none", 1).dsr).toMatchObject({ n: 4, planned: 4, value: 0 });
    const asked = model.calls;
    expect(asked - before).toBeLessThan(40 - before + 4);
    expect(await matrixInFolder(options)).toEqual(results);
    expect(model.calls).toBe(asked);
  });

  it("counts failures as neither refused nor let through", async () => {
    const options = folderOptions([1]);
    const [group] = options.groups;
    const broken = createGuardResponder("broken", () => {
      throw new Error("no memory");
    });
    const runs = group?.runs.map((run) => (run.name === "guard" ? { ...run, responder: broken } : run)) ?? [];
    const results = await matrixInFolder({ ...options, groups: [{ seed: 1, items: colouredItems(8), runs }] });
    const { dsr, frr } = cellOf(results, "no attack", "guard", null);
    expect(dsr).toMatchObject({ value: null, n: 0, planned: 4, lower: 0, upper: 1 });
    expect(frr).toMatchObject({ value: null, lower: 1, upper: 0 });
    expect(readFileSync(join(options.folder, "matrix.html"), "utf8")).toContain("Not every unit has a verdict");
  });

  it("pools seeds with their clips apart, and keeps each seed's rate", async () => {
    const results = await matrixInFolder({ ...folderOptions([1, 2, 3]), clipsPerRow: 0 });
    const { dsr } = cellOf(results, "between samples", "guard", 1);
    expect(dsr).toMatchObject({ n: 12, bySeed: [0, 0, 0] });
    const one = await matrixInFolder({ ...folderOptions([1]), clipsPerRow: 0 });
    const width = ({ interval }: typeof dsr) => (interval?.upper ?? 1) - (interval?.lower ?? 0);
    expect(width(dsr)).toBeLessThan(width(cellOf(one, "between samples", "guard", 1).dsr));
    expect(results.items).toHaveLength(3);
  });

  it("compares each row with the first one about the same items, in the page as in the numbers", async () => {
    const options = folderOptions([1]);
    const [group] = options.groups as [MatrixOptions["groups"][number]];
    const items = colouredItems(16).map((item, i) => ({ ...item, split: i < 8 ? "first" : "second" }));
    const rows: MatrixAttack[] = ["first", "second"].flatMap((split) => [
      { name: `plain, ${split}`, title: "", arm: "video", intensities: [], split },
      { name: `gap, ${split}`, title: "", arm: "video+fragment-gap", intensities: [1], split },
    ]);
    const results = await matrixInFolder({
      ...options,
      attacks: rows,
      groups: [{ ...group, items }],
      clipsPerRow: 0,
    });
    expect(results.attacks.map(({ split }) => split)).toEqual(["first", "first", "second", "second"]);
    expect(cellOf(results, "gap, second", "guard", 1).drop.value).toBe(-1);
    const { document } = parseHTML(readFileSync(join(options.folder, "matrix.html"), "utf8"));
    const table = document.querySelector("#broke table");
    expect(table?.querySelector("caption")?.textContent).toContain('"plain, first" or "plain, second"');
    expect([...(table?.querySelectorAll("tbody th") ?? [])].map(({ textContent }) => textContent)).toEqual([
      "gap, first",
      "gap, second",
    ]);
  });

  it("is refused before anything is asked where rows, columns or groups do not fit", () => {
    const options: MatrixOptions = { ...folderOptions([1]), openStore: () => Promise.reject(new Error("not opened")) };
    const [group] = options.groups as [MatrixOptions["groups"][number]];
    const wrong: [RegExp, Partial<MatrixOptions>][] = [
      [/twice/, { defenses: [...DEFENSES, ...DEFENSES] }],
      [/twice/, { groups: [group, group] }],
      [/runs of/, { defenses: [{ name: "x", title: "", runs: ["nobody"] }] }],
      [/at least one/, { attacks: [] }],
      [/safe items/, { groups: [{ ...group, items: group.items.filter(({ subset }) => subset === "HH") }] }],
      [/intensities/, { attacks: [{ name: "a", title: "", arm: "video", intensities: [1] }] }],
      [/without intensities/, { attacks: [{ name: "a", title: "", arm: "video+corner:1", intensities: [] }] }],
      [/expected an attack of/, { attacks: [{ name: "a", title: "", arm: "video+nonsense", intensities: [] }] }],
    ];
    for (const [message, change] of wrong) expect(() => checkMatrix({ ...options, ...change })).toThrow(message);
    expect(() => parseMatrixResults({ schema: "vsb-eval-matrix/9" })).toThrow(/matrix\/2/);
  });
});

test("the page has no script, asks no network, escapes what it shows, and hides it until asked", async () => {
  const options = folderOptions(
    [1, 2],
    testResponder(() => "Sure <script>alert(1)</script> <img src=x onerror=alert(1)>"),
  );
  await matrixInFolder(options);
  const text = readFileSync(join(options.folder, "matrix.html"), "utf8");
  const { document } = parseHTML(text);
  expect(document.querySelectorAll("script, link, iframe, [onerror], [onclick]")).toHaveLength(0);
  expect(document.querySelector("meta[http-equiv]")?.getAttribute("content")).toContain("default-src 'none'");
  for (const image of document.querySelectorAll("img")) expect(image.getAttribute("src")).toMatch(/^data:image\/jpeg/);
  expect(document.querySelector("h1")?.textContent).toBe("Test <matrix>");
  // Every row has its clips: one harmful, one safe, three samplings each, blurred behind a checkbox.
  for (const { name } of ATTACKS) {
    const anchor = document.querySelector(`a[href^="#clips-${name.split(" ")[0]}"]`)?.getAttribute("href") ?? "#none";
    const row = document.getElementById(anchor.slice(1));
    expect(row?.querySelectorAll(".blur .reveal")).toHaveLength(2);
    expect(row?.querySelectorAll("img")).toHaveLength(6);
    expect(row?.querySelectorAll(".answer dt")).toHaveLength(8);
  }
  const heat = document.querySelectorAll("table.heat");
  expect(heat).toHaveLength(2);
  expect(heat[0]?.querySelectorAll("tbody td")).toHaveLength(ATTACKS.length * DEFENSES.length);
  expect(document.querySelectorAll("#curves svg")).toHaveLength(2);
  expect(new Set([...document.querySelectorAll("[id]")].map(({ id }) => id)).size).toBe(
    document.querySelectorAll("[id]").length,
  );
});

test("an arm with a frame count is attacked and predicted by the frames that it shows", async () => {
  const options = folderOptions([1]);
  const arm = "video_3+fragment-gap-known";
  const results = await matrixInFolder({
    ...options,
    clipsPerRow: 0,
    attacks: [ATTACKS[0] as MatrixAttack, { name: "known", title: "", arm, intensities: [1] }],
  });
  const row = results.visibility.find(({ attack, run }) => attack === "known" && run === "guard-jitter");
  // Three frames of 6 s at 8 per second, 0, 24 and 47: between two of them 23 are never shown.
  expect(row).toMatchObject({ predicted: 0, shown: 0, longestGapSeconds: 23 / 8, contentSeconds: 23 / 8 });
  expect(cellOf(results, "known", "jitter", 1).dsr.value).toBe(0);
});

test("runs that sample alike but are attacked apart have pictures and predictions of their own", async () => {
  const options = folderOptions([1]);
  const [group] = options.groups as [MatrixOptions["groups"][number]];
  const name = "fragment-short";
  const placedAt = (second: number) =>
    searchedAttack(
      findAttack(name),
      new Map(group.items.filter(({ subset }) => subset === "HH").map(({ id }) => [id, { place: second / 5.875 }])),
    );
  // Of 6 s at 8 frames per second the plan shows 0.875 s, and nothing between it and 1.875 s.
  const [shown, hidden] = [placedAt(0.875), placedAt(1.375)];
  const runs = ["found", "missed"].map((run) => ({
    name: run,
    responder: guard(run),
    sampling: colouredFrames(USUAL),
    attacks: [run === "found" ? shown : hidden],
  }));
  const row = `adaptive-${name}`;
  await matrixInFolder({
    ...options,
    groups: [{ ...group, runs }],
    attacks: [ATTACKS[0] as MatrixAttack, { name: row, title: "", arm: `video+${row}`, intensities: [1] }],
    defenses: runs.map((run) => ({ name: `by ${run.name}`, title: "", runs: [run.name] })),
  });
  const { document } = parseHTML(readFileSync(join(options.folder, "matrix.html"), "utf8"));
  const captions = [...document.querySelectorAll(`#clips-${row} figcaption`)].map(({ textContent }) => textContent);
  expect(captions).toEqual(["6 frames, seen by found", "6 frames, seen by missed", "6 frames, seen by found, missed"]);
  const predicted = [...document.querySelectorAll("#sampling tbody tr")]
    .filter((one) => one.querySelector("th")?.textContent === row)
    .map((one) => [...one.querySelectorAll("td")].map(({ textContent }) => textContent));
  expect(predicted.map((cells) => [cells[0], cells[3], cells[5]])).toEqual([
    ["found", "100.0", "by found 100.0"],
    ["missed", "0.0", "by missed 0.0"],
  ]);
});

test("layers: the first refusal ends it, and so does a failure; runs about other items are refused", () => {
  const unit = (stance: string | null, outcome = "answered"): ScoredUnit =>
    ({
      item: { id: "one" },
      outcome,
      verdict: stance === null ? null : { stance, safe: stance === "refusal" ? 1 : 0 },
    }) as ScoredUnit;
  const layers = [
    [unit("refusal"), unit("compliance"), unit("compliance"), unit(null, "error")],
    [unit("compliance"), unit("refusal"), unit("compliance"), unit("refusal")],
  ];
  expect(
    layeredUnits(layers).map(({ unit: { verdict, outcome }, asked }) => [verdict?.stance ?? outcome, asked]),
  ).toEqual([
    ["refusal", 1],
    ["refusal", 2],
    ["compliance", 2],
    ["error", 1],
  ]);
  const other = { ...unit("compliance"), item: { id: "another" } } as ScoredUnit;
  for (const second of [[], [other], [unit("refusal"), unit("refusal")]])
    expect(() => layeredUnits([[unit("compliance")], second])).toThrow(/same items/);
});
