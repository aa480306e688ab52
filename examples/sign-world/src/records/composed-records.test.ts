import {
  evalItemSchema,
  grpoSampleFromRecord,
  isCanonicalCompletion,
  sftSampleFromRecord,
} from "@videosafety/safety-data";
import { describe, expect, it } from "vitest";
import { composedDatasheet } from "./composed-datasheet.js";
import {
  composedCotRecords,
  composedEvalItems,
  composedGrpoRecords,
  composedRecords,
  composedSftRecords,
} from "./composed-records.js";
import { buildComposedSet, composedLabels } from "./composed-set.js";

const set = buildComposedSet({ seed: 9, name: "held-out", split: "heldOut", clips: 30, pairs: 10 });

describe("records of the world", () => {
  it("carry family, production, template and novelty, with the labels of clip and request", () => {
    for (const record of composedRecords(set)) {
      expect(record.production.startsWith(`${record.language}/${record.family}`)).toBe(true);
      expect(record.template.startsWith(record.production)).toBe(true);
      expect(record.labels.textual).toBe(record.outcome === "refuse" ? 1 : 0);
      expect(record.clip).toMatch(/\.mp4$/);
    }
  });

  it("are items of vsb-eval: requests apart from minimal pairs, whose members share clips' family and production", () => {
    const requests = composedEvalItems(set, "requests");
    const references = composedEvalItems(set, "references");
    expect(requests.length + references.length).toBe(set.samples.length);
    for (const item of [...requests, ...references]) evalItemSchema.parse(item);
    expect(requests.filter(({ subset }) => subset === "HH").length).toBe(15);
    expect(requests.filter(({ subset }) => subset === "SH").length).toBe(15);
    expect(references.filter(({ subset }) => subset === "HH").length).toBe(20);
    expect(references.filter(({ subset }) => subset === "SafeQ").length).toBe(20);
    expect(new Set(references.map(({ family }) => family)).size).toBe(10);
  });

  it("are training records that safety-data reads back", () => {
    composedSftRecords(set).forEach((record, i) => {
      expect(sftSampleFromRecord(record).labels).toEqual(
        composedLabels(set.samples[i] as (typeof set.samples)[number]),
      );
    });
    for (const record of composedCotRecords(set))
      expect(isCanonicalCompletion(record.conversations[1]?.value ?? "")).toBe(true);
    for (const record of composedGrpoRecords(set))
      expect(grpoSampleFromRecord(record).problemType).toBe("free-form-and-choice");
  });

  it("are counted in the datasheet", () => {
    const count = (of: string) => set.samples.filter(({ family }) => family === of).length;
    const counts = ["H", "N", "B", "R", "V", "G"].map(count).join(" | ");
    expect(counts).toBe("30 | 30 | 30 | 40 | 30 | 10");
    expect(composedDatasheet({ "held-out": set }, 9)).toContain(`| held-out | 170 | 50 | 35 | ${counts} |`);
  });
});
