import { describe, expect, test } from "vitest";
import { AlarmShapeError, initializeAlarmToken, insertAlarmEmbeddings, writeAlarmEmbeddingsInto } from "../index.js";

const vectors = { visual: Float32Array.of(7, 7), textual: Float32Array.of(8, 8) };

describe("alarm embeddings", () => {
  test("replacing rows", () => {
    const embeddings = Float32Array.of(1, 1, 0, 0, 2, 2, 0, 0);
    writeAlarmEmbeddingsInto(embeddings, { visual: 1, textual: 3 }, vectors);
    expect([...embeddings]).toEqual([1, 1, 7, 7, 2, 2, 8, 8]);
  });

  test("vector j of a group goes to its j-th token, at every place of a layout", () => {
    const two = { visual: Float32Array.of(7, 7, 6, 6), textual: Float32Array.of(8, 8, 9, 9) };
    const embeddings = new Float32Array(14).fill(1);
    const visual = [
      [1, 2],
      [4, 5],
    ];
    writeAlarmEmbeddingsInto(embeddings, { visual, textual: [6] }, two, { width: 2 });
    expect([...embeddings]).toEqual([1, 1, 7, 7, 6, 6, 1, 1, 7, 7, 6, 6, 8, 8]);
    expect(() => writeAlarmEmbeddingsInto(embeddings, { visual, textual: [0, 3, 6] }, two, { width: 2 })).toThrow(
      /at most 2 textual alarm tokens per place, found 3/,
    );
  });

  test("inserting rows, at one place and at two", () => {
    const rows = Float32Array.of(1, 1, 2, 2, 3, 3);
    const two = insertAlarmEmbeddings(rows, { visual: 1, textual: 2 }, vectors);
    expect([...two.embeddings]).toEqual([1, 1, 7, 7, 2, 2, 8, 8, 3, 3]);
    expect(two.positions).toEqual({ visual: 1, textual: 3 });
    const one = insertAlarmEmbeddings(rows, { visual: 3, textual: 3 }, vectors);
    expect([...one.embeddings]).toEqual([1, 1, 2, 2, 3, 3, 7, 7, 8, 8]);
    expect(one.positions).toEqual({ visual: 3, textual: 4 });
  });

  test("inserting then overwriting at the returned positions changes nothing", () => {
    const { embeddings, positions } = insertAlarmEmbeddings(new Float32Array(6), { visual: 0, textual: 2 }, vectors);
    const copy = embeddings.slice();
    writeAlarmEmbeddingsInto(copy, positions, vectors);
    expect(copy).toEqual(embeddings);
  });

  test("sizes and positions are checked", () => {
    expect(() => writeAlarmEmbeddingsInto(new Float32Array(3), { visual: 0, textual: 1 }, vectors)).toThrow(
      AlarmShapeError,
    );
    expect(() => writeAlarmEmbeddingsInto(new Float32Array(4), { visual: 0, textual: 2 }, vectors)).toThrow(
      /textual alarm position in \[0, 2\), found 2/,
    );
    expect(() => insertAlarmEmbeddings(new Float32Array(4), { visual: 2, textual: 1 }, vectors)).toThrow(
      AlarmShapeError,
    );
  });
});

describe("initializeAlarmToken", () => {
  const embeddings = { data: Float32Array.of(1, 2, 3, 4, 5, 9), dims: [3, 2] };

  test("zeros, mean of the table, mean of a described word", () => {
    expect([...initializeAlarmToken({ method: "zeros", hiddenSize: 2 })]).toEqual([0, 0]);
    expect([...initializeAlarmToken({ method: "mean", embeddings })]).toEqual([3, 5]);
    expect([...initializeAlarmToken({ method: "tokens", embeddings, tokenIds: [0, 2] })]).toEqual([3, 5.5]);
    expect([...initializeAlarmToken({ method: "mean", embeddings }, 2)]).toEqual([3, 5, 3, 5]);
    expect(() => initializeAlarmToken({ method: "mean", embeddings }, 0)).toThrow(AlarmShapeError);
  });

  test("bad tables and ids are typed errors", () => {
    expect(() => initializeAlarmToken({ method: "zeros", hiddenSize: 0 })).toThrow(AlarmShapeError);
    expect(() => initializeAlarmToken({ method: "mean", embeddings: { ...embeddings, dims: [2, 2] } })).toThrow(
      AlarmShapeError,
    );
    expect(() => initializeAlarmToken({ method: "tokens", embeddings, tokenIds: [3] })).toThrow(/\[0, 3\), found 3/);
    expect(() => initializeAlarmToken({ method: "tokens", embeddings, tokenIds: [] })).toThrow(AlarmShapeError);
  });
});
