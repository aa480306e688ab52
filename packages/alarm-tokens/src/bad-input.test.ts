import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RecordError, sftRecordSchema } from "@videosafety/safety-data";
import { readJsonl } from "@videosafety/safety-data/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeToy, ToyModel, type ToySample, toySamples } from "../test/toy-model.js";
import {
  AlarmTokensError,
  activationPatterns,
  alarmAttention,
  alarmInsertionPoints,
  atSftLoss,
  auc,
  balancedClassWeights,
  calibrateGuard,
  calibrateStreamGuard,
  carryOver,
  createGuard,
  evaluateAlarms,
  findAlarmPositions,
  fitLinearProbe,
  fitTemperature,
  initializeAlarmToken,
  insertAlarmEmbeddings,
  labelRecord,
  layerProbes,
  placeAlarms,
  placeAlarmText,
  placeAlarmTokenIds,
  reliability,
  resolveLabels,
  rocCurve,
  type SampleLabels,
  segmentLoss,
  segmentSpans,
  tokenDrift,
  writeAlarmEmbeddingsInto,
} from "./index.js";
import { type AtSftConfigInput, STAGE_2_AT_SFT, type TrainAtSftOptions, trainAtSft } from "./train.js";

// One table over the public entries: what is wrong, which error, its code, and what the message must hold beside
// "expected ... found ...; next step". Rows with a record name it at the start of the message.
const location = { file: "train.jsonl", line: 12, id: "a7" };
const HERE = /^train\.jsonl:12 \(id a7\): /;
const alarm = { visual: 90, textual: 91 };
const tokens = { alarm, visual: [20], userTurnStart: [1, 10], endOfTurn: 2 };
const vectors = { visual: Float32Array.of(1, 2), textual: Float32Array.of(3, 4) };
const broken = { ...vectors, textual: Float32Array.of(3, Number.NaN) };
const safe: SampleLabels = { visual: 0, textual: 0 };
const harmful: SampleLabels = { visual: 1, textual: 1 };
const odd = { visual: 2, textual: 0 } as unknown as SampleLabels;
const many = (labels: (i: number) => SampleLabels) => {
  const all = Array.from({ length: 200 }, (_, i) => labels(i));
  return { visualLogits: all.map((_, i) => Math.sin(i)), textualLogits: all.map((_, i) => Math.cos(i)), labels: all };
};
const both = many((i) => (i % 2 === 0 ? safe : harmful));
const withNan = { ...both, textualLogits: both.textualLogits.map((z, i) => (i === 5 ? Number.NaN : z)) };
const locations = both.labels.map((_, i) => (i === 5 ? location : undefined));
const base = calibrateGuard({ ...both, targetFrr: 0.1 });
const record = (extra: object) => ({ conversations: [{ from: "human" as const, value: "hi" }], ...extra });
const says = (logit: number) => ({
  alarmStates: async (samples: readonly unknown[]) => ({
    visualHidden: new Float32Array(),
    textualHidden: new Float32Array(),
    visualLogits: Float32Array.from(samples, () => logit),
    textualLogits: Float32Array.from(samples, () => logit),
  }),
});
const attention = { data: Float32Array.of(1, 0, Number.NaN, 0.5), dims: [1, 2, 2] };

type Row = readonly [what: string, call: () => unknown, error: string, code: string, message?: RegExp];
// biome-ignore format: a table, one row a line
const rows: readonly Row[] = [
  // Placement on text
  ["text: an alarm token is there", () => placeAlarmText("<|im_start|>user\n<|visual_alarm|>a<|im_end|>", { location }), "AlarmPlacementError", "alarm-duplicated", HERE],
  ["text: no user turn", () => placeAlarmText("hello", { location }), "AlarmPlacementError", "no-user-turn", HERE],
  ["text: a turn that does not end", () => placeAlarmText("<|im_start|>user\nhi", { location }), "AlarmPlacementError", "no-end-of-turn", HERE],
  ["text: a video after the last turn", () => placeAlarmText("<|im_start|>user\na<|im_end|><image>", { location }), "AlarmPlacementError", "visual-outside-turn", HERE],
  ["text: turns that are neither last nor every", () => placeAlarmText("<|im_start|>user\na<|im_end|>", { location, turns: "first" as "last" }), "AlarmPlacementError", "invalid-layout", HERE],
  ["text: an earlier turn that does not end", () => placeAlarmText("<|im_start|>user\na<|im_start|>user\nb<|im_end|>", { location, turns: "every" }), "AlarmPlacementError", "no-end-of-turn", HERE],
  // On ids
  ["ids: missing", () => findAlarmPositions([1, 10, 90, 2], alarm, location), "AlarmPlacementError", "alarm-missing", HERE],
  ["ids: doubled", () => findAlarmPositions([90, 90, 91], alarm, location), "AlarmPlacementError", "alarm-duplicated", HERE],
  ["ids: reordered", () => findAlarmPositions([1, 91, 90, 2], alarm, location), "AlarmPlacementError", "alarm-misordered", HERE],
  ["ids: placed twice", () => placeAlarmTokenIds([1, 10, 20, 90, 30, 91, 2], tokens, { location }), "AlarmPlacementError", "alarm-duplicated", HERE],
  ["ids: no user turn", () => alarmInsertionPoints([5, 6], tokens, { location }), "AlarmPlacementError", "no-user-turn", HERE],
  ["ids: truncated", () => placeAlarmTokenIds([1, 10, 20, 30], tokens, { location }), "AlarmPlacementError", "no-end-of-turn", HERE],
  ["ids: a visual token after the turn", () => placeAlarmTokenIds([1, 10, 30, 2, 20], tokens, { location }), "AlarmPlacementError", "visual-outside-turn", HERE],
  ["ids: segments that miss the last visual token", () => placeAlarms([1, 10, 20, 20, 2], tokens, { segments: "frame" }, [{ end: 3, startSeconds: 0, endSeconds: 1 }], { location }), "AlarmShapeError", "shape-mismatch", HERE],
  ["ids: labels of another sequence", () => carryOver([1, 2], placeAlarmTokenIds([1, 10, 20, 2], tokens), -100), "AlarmShapeError", "shape-mismatch", /4 values.*found 2/],
  // On embeddings
  ["embeddings: reordered", () => writeAlarmEmbeddingsInto(new Float32Array(6), { visual: 2, textual: 1 }, vectors, { location }), "AlarmPlacementError", "alarm-misordered", HERE],
  ["embeddings: both in one row", () => writeAlarmEmbeddingsInto(new Float32Array(6), { visual: 1, textual: 1 }, vectors, { location }), "AlarmPlacementError", "alarm-misordered", HERE],
  ["embeddings: outside", () => writeAlarmEmbeddingsInto(new Float32Array(6), { visual: 0, textual: 3 }, vectors, { location }), "AlarmShapeError", "shape-mismatch", HERE],
  ["embeddings: NaN", () => writeAlarmEmbeddingsInto(new Float32Array(6), { visual: 0, textual: 2 }, broken, { location }), "NonFiniteError", "non-finite", HERE],
  ["embeddings inserted: reordered", () => insertAlarmEmbeddings(new Float32Array(6), { visual: 2, textual: 1 }, vectors, location), "AlarmShapeError", "shape-mismatch", HERE],
  ["embeddings inserted: NaN", () => insertAlarmEmbeddings(new Float32Array(6), { visual: 0, textual: 2 }, broken, location), "NonFiniteError", "non-finite", HERE],
  ["initialisation from NaN", () => initializeAlarmToken({ method: "mean", embeddings: { data: Float32Array.of(1, Number.NaN), dims: [1, 2] } }), "NonFiniteError", "non-finite"],
  // Labels
  ["labels: 2", () => resolveLabels({ visual: 2, textual: 0 }, {}, location), "SafetyLabelError", "label-invalid", HERE],
  ["labels: NaN", () => resolveLabels({ visual: 0, textual: Number.NaN }, {}, location), "SafetyLabelError", "label-invalid", HERE],
  ["labels: one without the other", () => resolveLabels({ visual: 1 }, {}, location), "SafetyLabelError", "label-incomplete", HERE],
  ["labels: none", () => resolveLabels(null, {}, location), "SafetyLabelError", "label-missing", HERE],
  ["a record: one label", () => labelRecord(record({ visual_safety_label: 1 }), {}, location), "SafetyLabelError", "label-incomplete", HERE],
  ["a record: another word", () => labelRecord(record({ visual_safety_label: "maybe", textual_safety_label: 0 }), {}, location), "SafetyLabelError", "label-invalid", HERE],
  // Losses
  ["loss: NaN logit", () => atSftLoss({ tokenLogProbs: [-1], visualLogits: [Number.NaN], textualLogits: [0], visualLabels: [1], textualLabels: [1], lambdaVisual: 1, lambdaTextual: 1 }), "NonFiniteError", "non-finite"],
  ["loss: label 2", () => atSftLoss({ tokenLogProbs: [-1], visualLogits: [0], textualLogits: [0], visualLabels: [2 as 1], textualLabels: [1], lambdaVisual: 1, lambdaTextual: 1 }), "SafetyLabelError", "label-invalid"],
  ["class weights: an empty class", () => balancedClassWeights([1, 1, null]), "EmptyClassError", "empty-class", /0 safe and 2 harmful/],
  ["class weights: label 2", () => balancedClassWeights([0, 1, 2 as 1]), "SafetyLabelError", "label-invalid"],
  ["segments: NaN", () => segmentLoss([[Number.NaN]], [1]), "NonFiniteError", "non-finite"],
  ["segment spans: NaN is not below the threshold", () => segmentSpans([Number.NaN], [{ startSeconds: 0, endSeconds: 1 }], 0), "NonFiniteError", "non-finite", /unsafe/],
  // Calibration
  ["calibration: NaN", () => calibrateGuard({ ...withNan, locations, targetFrr: 0.1 }), "NonFiniteError", "non-finite", HERE],
  ["calibration: NaN without locations", () => calibrateGuard({ ...withNan, targetFrr: 0.1 }), "NonFiniteError", "non-finite", /^id sample 5: /],
  ["calibration: label 2 is not safe", () => calibrateGuard({ ...many((i) => (i === 5 ? odd : (both.labels[i] as SampleLabels))), locations, targetFrr: 0.1 }), "SafetyLabelError", "label-invalid", HERE],
  ["calibration: no safe samples", () => calibrateGuard({ ...many(() => harmful), targetFrr: 0.1 }), "EmptyClassError", "empty-class", /0 safe and 200 harmful/],
  ["calibration: no harmful samples", () => calibrateGuard({ ...many(() => safe), targetFrr: 0.1 }), "EmptyClassError", "empty-class", /200 safe and 0 harmful/],
  ["calibration: a logit too few", () => calibrateGuard({ ...both, visualLogits: [1], targetFrr: 0.1 }), "AlarmShapeError", "shape-mismatch"],
  ["calibration: too few samples", () => calibrateGuard({ ...both, targetFrr: 0.001 }), "CalibrationError", "too-few-samples"],
  ["calibration: a rate of NaN", () => calibrateGuard({ ...both, targetFrr: Number.NaN }), "CalibrationError", "invalid-target"],
  ["stream calibration: NaN", () => calibrateStreamGuard({ base, targetFrr: 0.1, videos: [{ labels: safe, visualLogits: [Number.NaN], textualLogits: [0], location }] }), "NonFiniteError", "non-finite", HERE],
  ["stream calibration: label 2", () => calibrateStreamGuard({ base, targetFrr: 0.1, videos: [{ labels: odd, visualLogits: [0], textualLogits: [0], location }] }), "SafetyLabelError", "label-invalid", HERE],
  ["temperature: label 2", () => fitTemperature([1, 2, 3], [0, 1, 2 as 1]), "SafetyLabelError", "label-invalid"],
  ["temperature: an empty class", () => fitTemperature([1], [null]), "EmptyClassError", "empty-class"],
  // The guard
  ["guard: another calibration", () => createGuard(says(0), { ...base, temperatures: { visual: Number.NaN, textual: 1 } }), "CalibrationError", "invalid-calibration"],
  ["guard: NaN from the model", () => createGuard(says(Number.NaN), base).assess({}), "NonFiniteError", "non-finite", /treat the input as unsafe/],
  // Evaluation and analysis
  ["evaluation: NaN", () => evaluateAlarms(says(Number.NaN), [1], () => safe, { locationOf: () => location }), "NonFiniteError", "non-finite", HERE],
  ["evaluation: label 2", () => evaluateAlarms(says(1), [1], () => odd, { locationOf: () => location }), "SafetyLabelError", "label-invalid", HERE],
  ["patterns: NaN", () => activationPatterns([Number.NaN], [0], [safe]), "NonFiniteError", "non-finite", /^id sample 0: /],
  ["patterns: label 2", () => activationPatterns([0], [0], [odd]), "SafetyLabelError", "label-invalid"],
  ["ROC: NaN", () => rocCurve([Number.NaN, 1], [0, 1]), "NonFiniteError", "non-finite"],
  ["ROC: label null", () => rocCurve([0, 1], [0, null as unknown as number]), "SafetyLabelError", "label-invalid"],
  ["AUC: an empty class", () => auc([0, 1], [1, 1]), "EmptyClassError", "empty-class"],
  ["reliability: a probability of 2", () => reliability([2], [1]), "NonFiniteError", "non-finite"],
  ["reliability: label 2", () => reliability([1], [2]), "SafetyLabelError", "label-invalid"],
  ["probe: NaN", () => fitLinearProbe([0, Number.NaN], [0, 1]), "NonFiniteError", "non-finite", /row 1/],
  ["probes: rows missing", () => layerProbes([[1, 2, 3]], [0, 1]), "AlarmShapeError", "shape-mismatch", /layer 0/],
  ["probes: an empty class", () => layerProbes([[1, 2, 3, 4]], [1, 1, 1, 1]), "EmptyClassError", "empty-class"],
  ["probes: no folds", () => layerProbes([[1, 2, 3, 4]], [0, 1, 0, 1], 0), "AlarmShapeError", "shape-mismatch", /folds/],
  ["attention: NaN", () => alarmAttention(attention, { visual: 0, textual: 1 }, []), "NonFiniteError", "non-finite"],
  ["attention: an alarm outside", () => alarmAttention({ ...attention, data: [1, 0, 0.5, 0.5] }, { visual: 0, textual: 2 }, []), "AlarmShapeError", "shape-mismatch"],
  ["drift: NaN", () => tokenDrift([{ stage: "a", visual: [Number.NaN], textual: [1] }]), "NonFiniteError", "non-finite"],
  ["drift: another width", () => tokenDrift([{ stage: "a", visual: [1], textual: [1] }, { stage: "b", visual: [1, 2], textual: [1, 2] }]), "AlarmShapeError", "shape-mismatch"],
];

describe("bad input, by entry", () => {
  test.each([...rows])("%s", async (...row) => {
    const [, call, name, code, message] = row as unknown as Row;
    const found = await (async () => call())().then(
      () => null,
      (error: unknown) => error,
    );
    expect(found).toBeInstanceOf(AlarmTokensError);
    const error = found as AlarmTokensError;
    expect([error.name, error.code]).toEqual([name, code]);
    expect(error.message).toMatch(/expected [\s\S]*found[\s\S]/);
    // A next step stands after a semicolon, or the message says how much is needed.
    expect(error.message).toMatch(/; |at least|calibrate again/);
    if (message !== undefined) expect(error.message).toMatch(message);
    if (message === HERE) expect(error.location).toEqual(location);
  });
});

describe("labels read from JSON Lines through safety-data", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "alarm-labels-"));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const good = record({ visual_safety_label: 0, textual_safety_label: 1 });
  const read = async (name: string, bad: string): Promise<SampleLabels[]> => {
    const file = join(directory, name);
    await writeFile(file, `${JSON.stringify(good)}\n\n${bad}\n`);
    const labels: SampleLabels[] = [];
    const records = readJsonl(file, { schema: sftRecordSchema });
    for await (const one of records) labels.push(labelRecord(one, {}, { file, line: records.lines }));
    return labels;
  };

  test.each([
    ["half.jsonl", JSON.stringify(record({ textual_safety_label: 1 })), "SafetyLabelError", "label-incomplete"],
    ["none.jsonl", JSON.stringify(record({})), "SafetyLabelError", "label-missing"],
    [
      "word.jsonl",
      JSON.stringify(record({ safety_labels: { visual: "2", textual: 0 } })),
      "SafetyLabelError",
      "label-invalid",
    ],
    [
      "two.jsonl",
      JSON.stringify(record({ visual_safety_label: 2, textual_safety_label: 0 })),
      "RecordError",
      "invalid-record",
    ],
    ["pair.jsonl", JSON.stringify(record({ safety_labels: { visual: 1 } })), "RecordError", "invalid-record"],
    ["nan.jsonl", '{"conversations": [], "visual_safety_label": NaN}', "RecordError", "invalid-json"],
  ])("%s: the error names file and line, blank lines counted", async (name, bad, error, code) => {
    const found: unknown = await read(name, bad).catch((caught: unknown) => caught);
    expect([(found as Error).name, (found as RecordError).code]).toEqual([error, code]);
    expect((found as Error).message.startsWith(`${join(directory, name)}:3: `)).toBe(true);
    if (found instanceof RecordError) expect(found.line).toBe(3);
  });

  test("good records are read", async () => {
    expect(await read("good.jsonl", JSON.stringify(good))).toEqual([
      { visual: 0, textual: 1 },
      { visual: 0, textual: 1 },
    ]);
  });
});

describe("data of trainAtSft", () => {
  const model = new ToyModel();
  afterAll(() => model.dispose());
  const config: AtSftConfigInput = { ...STAGE_2_AT_SFT, learningRates: { classifiers: 1e-2 }, batchSize: 4 };
  type Data = TrainAtSftOptions<ToySample>["data"];
  const described = (change: object): Data => ({
    sources: { toy: toySamples(4, 1) },
    describe: (sample) => ({ ...describeToy(sample), location, ...change }),
  });
  const attempt = async (data: Data, extra: Partial<AtSftConfigInput> = {}): Promise<unknown> => {
    try {
      for await (const _ of trainAtSft({ model, data, config: { ...config, ...extra } }));
      return null;
    } catch (error) {
      return error;
    }
  };

  test.each([
    ["label 2", { labels: odd }, "SafetyLabelError", "label-invalid"],
    ["a label that is a word", { labels: { visual: "1", textual: 0 } }, "SafetyLabelError", "label-invalid"],
    ["tokens of NaN", { assistantTokens: Number.NaN }, "AlarmShapeError", "shape-mismatch"],
    [
      "more assistant tokens than tokens",
      { assistantTokens: 99, sequenceTokens: 3 },
      "AlarmShapeError",
      "shape-mismatch",
    ],
  ])("%s names the record", async (_, change, name, code) => {
    const error = (await attempt(described(change))) as AlarmTokensError;
    expect([error.name, error.code]).toEqual([name, code]);
    expect(error.message).toMatch(HERE);
    expect(error.message).toMatch(/expected .*found .*; /);
  });

  test("absent labels of plain JavaScript are unknown ones, not safe ones", async () => {
    for (const labels of [undefined, {}, { visual: undefined, textual: null }])
      expect(await attempt(described({ labels }))).toBeNull();
  });

  test("NaN in the evaluation names the record, too", async () => {
    const nan: Data = { ...described({}), evaluation: toySamples(2, 1) };
    class Spoiled extends ToyModel {
      override async alarmStates(samples: readonly ToySample[]) {
        return {
          ...(await super.alarmStates(samples)),
          visualLogits: new Float32Array(samples.length).fill(Number.NaN),
        };
      }
    }
    const spoiled = new Spoiled();
    const run = async () => {
      for await (const _ of trainAtSft({ model: spoiled, data: nan, config }));
    };
    await expect(run()).rejects.toThrow(/^train\.jsonl:12 \(id a7\): expected a finite visual logit, found NaN/);
    await spoiled.dispose();
  });

  test("early stopping that could never stop is refused before the first step", async () => {
    const changes = model.changes;
    const early = { earlyStopping: { patience: 1 }, evalSteps: 1 };
    const oneClass = { ...described({}), evaluation: toySamples(8, 1), describe: describeToy };
    const harmless = { ...oneClass, describe: (sample: ToySample) => ({ ...describeToy(sample), labels: safe }) };
    expect(await attempt(harmless, early)).toMatchObject({
      name: "EmptyClassError",
      message: expect.stringMatching(/none to refuse/),
    });
    expect(await attempt(described({}), early)).toMatchObject({
      name: "EmptyClassError",
      message: expect.stringMatching(/no labelled ones/),
    });
    expect(await attempt(oneClass, { ...early, evalSteps: null })).toMatchObject({
      name: "AlarmTrainingConfigError",
    });
    expect(model.changes).toBe(changes);
  });
});
