import { createRng } from "@videosafety/random";
import fc from "fast-check";
import * as ort from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import {
  AlarmShapeError,
  atcLogits,
  categoryLoss,
  fromPeftPromptTuning,
  insertTokenIds,
  NonFiniteError,
  SafetyLabelError,
  segmentLoss,
  segmentSpans,
  sigmoid,
  toPeftPromptTuning,
} from "../index.js";
import { atcHeadToOnnx } from "../train.js";

const difference = (f: (x: number[]) => number, x: readonly number[], i: number, h = 1e-5): number => {
  const at = (delta: number): number => f(x.map((value, j) => (j === i ? value + delta : value)));
  return (at(h) - at(-h)) / (2 * h);
};

describe("insertTokenIds", () => {
  test("property: the positions hold what was inserted, the source index everything else", () => {
    const where = fc
      .array(fc.integer({ min: 0, max: 8 }), { maxLength: 5 })
      .map((places) => places.sort((a, b) => a - b));
    fc.assert(
      fc.property(where, (places) => {
        const ids = [10, 11, 12, 13, 14, 15, 16, 17];
        const insertions = places.map((before, i) => ({ before, tokenIds: [100 + i, 200 + i] }));
        const { tokenIds, positions, sourceIndex } = insertTokenIds(ids, insertions);
        positions.forEach((indices, i) => {
          expect(indices.map((index) => tokenIds[index])).toEqual([100 + i, 200 + i]);
        });
        expect([...tokenIds].filter((_, i) => sourceIndex[i] !== -1)).toEqual(ids);
        expect([...sourceIndex].filter((index) => index !== -1)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      }),
    );
  });

  test("order and range are checked", () => {
    expect(() => insertTokenIds([1, 2], [{ before: 3, tokenIds: [9] }])).toThrow(AlarmShapeError);
    const backwards = [
      { before: 2, tokenIds: [9] },
      { before: 1, tokenIds: [9] },
    ];
    expect(() => insertTokenIds([1, 2], backwards)).toThrow(/rising order/);
  });
});

describe("segment alarms", () => {
  test("property: the gradient of the multiple-instance loss is the central difference", () => {
    const logit = fc.double({ min: -8, max: 8, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(logit, { minLength: 1, maxLength: 5 }),
        fc.constantFrom<0 | 1>(0, 1),
        fc.constantFrom(0.3, 1, 4),
        (z, label, temperature) => {
          const loss = (x: number[]): number => segmentLoss([x, [1]], [label, null], { temperature }).loss;
          const { gradients } = segmentLoss([z, [1]], [label, null], { temperature });
          z.forEach((_, i) => {
            expect(Math.abs((gradients[0]?.[i] as number) - difference(loss, z, i))).toBeLessThan(1e-6);
          });
          expect([...(gradients[1] as Float64Array)]).toEqual([0]);
        },
      ),
    );
  });

  test("labels of whole videos find the harmful segment", () => {
    // A one-weight model: logit = w x + b per segment; harmful videos hold one segment with x = 1 among noise.
    const rng = createRng(4);
    const videos = Array.from({ length: 200 }, (_, i) => {
      const label = (i % 2) as 0 | 1;
      const at = rng.integer(5);
      return {
        label,
        at,
        x: Array.from({ length: 5 }, (_, j) => 0.3 * rng.normal() + (label === 1 && j === at ? 2 : 0)),
      };
    });
    let [w, b] = [0, 0];
    const logits = () => videos.map(({ x }) => x.map((value) => w * value + b));
    for (let step = 0; step < 400; step++) {
      const { gradients } = segmentLoss(
        logits(),
        videos.map(({ label }) => label),
      );
      let [dw, db] = [0, 0];
      gradients.forEach((gradient, i) => {
        gradient.forEach((g, j) => {
          dw += g * (videos[i]?.x[j] as number);
          db += g;
        });
      });
      w -= 3 * dw;
      b -= 3 * db;
    }
    const found = logits().filter(
      (z, i) => videos[i]?.label === 1 && z.indexOf(Math.max(...z)) === videos[i]?.at,
    ).length;
    expect(found / 100).toBeGreaterThan(0.95);
  });

  test("spans of raised segments", () => {
    const segments = [0, 1, 2, 3].map((startSeconds) => ({ startSeconds, endSeconds: startSeconds + 1 }));
    expect(segmentSpans([-3, 2, 4, -1], segments, 0)).toEqual([
      { startSeconds: 1, endSeconds: 3, probability: sigmoid(4) },
    ]);
    expect(() => segmentSpans([1], segments, 0)).toThrow(AlarmShapeError);
  });
});

describe("categoryLoss", () => {
  test("gradient against central differences; unknown categories count nowhere", () => {
    const logits = [0.3, -1, 2, 0.1, 0.2, 0.3, 5, -5, 0];
    const loss = (x: number[]): number => categoryLoss(x, [2, null, 0], 3).loss;
    const { gradient, count } = categoryLoss(logits, [2, null, 0], 3);
    expect(count).toBe(2);
    logits.forEach((_, i) => {
      expect(gradient[i]).toBeCloseTo(difference(loss, logits, i), 8);
    });
    expect(categoryLoss(new Float64Array(19), [7], 19).loss).toBeCloseTo(Math.log(19), 12);
  });

  test("bad input", () => {
    expect(() => categoryLoss([1, 2], [0], 3)).toThrow(AlarmShapeError);
    expect(() => categoryLoss([1, 2], [2], 2)).toThrow(SafetyLabelError);
    expect(() => categoryLoss([1, Number.NaN], [0], 2)).toThrow(NonFiniteError);
  });
});

describe("interchange", () => {
  test("PEFT prompt tuning: there and back", () => {
    const vectors = { visual: Float32Array.of(1, 2, 3), textual: Float32Array.of(4, 5, 6) };
    const { config, tensors } = toPeftPromptTuning(vectors, "DAMO-NLP-SG/VideoLLaMA3-2B");
    expect(config).toMatchObject({ peft_type: "PROMPT_TUNING", num_virtual_tokens: 2, token_dim: 3 });
    expect(tensors.get("prompt_embeddings")?.dims).toEqual([2, 3]);
    expect(fromPeftPromptTuning(tensors)).toEqual(vectors);
    expect(() => fromPeftPromptTuning(new Map())).toThrow(/found nothing/);
    expect(() => toPeftPromptTuning({ ...vectors, textual: new Float32Array(2) }, "x")).toThrow(AlarmShapeError);
  });

  test("PEFT prompt tuning: several vectors per modality, told apart by the config", () => {
    const vectors = { visual: Float32Array.of(1, 2, 3, 4, 5, 6), textual: Float32Array.of(7, 8) };
    const { config, tensors } = toPeftPromptTuning(vectors, "x", { visualVectors: 3 });
    expect(config).toMatchObject({ num_virtual_tokens: 4, alarm_tokens: ["visual", "visual", "visual", "textual"] });
    expect(tensors.get("prompt_embeddings")?.dims).toEqual([4, 2]);
    expect(fromPeftPromptTuning(tensors, config)).toEqual(vectors);
    expect(() => fromPeftPromptTuning(tensors)).toThrow(/pass the adapter's config/);
    expect(() => fromPeftPromptTuning(tensors, { alarm_tokens: ["textual", "visual", "visual", "visual"] })).toThrow(
      AlarmShapeError,
    );
    expect(() => toPeftPromptTuning(vectors, "x", { visualVectors: 4 })).toThrow(AlarmShapeError);
  });

  test("a head as ONNX gives the head's logits in plain onnxruntime", async () => {
    const head = { weight: [0.5, -1, 2], bias: 0.25 };
    const hidden = Float32Array.of(1, 2, 3, -1, 0, 1);
    const session = await ort.InferenceSession.create(atcHeadToOnnx(head, { batch: 2, temperature: 2 }));
    const { logits, probabilities } = await session.run({ hidden: new ort.Tensor("float32", hidden, [2, 3]) });
    const expected = atcLogits(hidden, head);
    expected.forEach((value, i) => {
      expect(logits?.data[i]).toBeCloseTo(value, 5);
      expect(probabilities?.data[i]).toBeCloseTo(sigmoid(value / 2), 6);
    });
    await session.release();
  });
});
