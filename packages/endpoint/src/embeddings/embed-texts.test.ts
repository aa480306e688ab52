import { expect, it } from "vitest";
import { replayServer } from "../testing/replay-server-node.js";
import { embedTexts } from "./embed-texts.js";

const ask = async (body: unknown) => {
  await using server = await replayServer({ body });
  return await embedTexts({ baseUrl: server.baseUrl, retries: 0 }, { model: "m", input: ["a", "b"] }).catch(
    (error: unknown) => (error as { code: string }).code,
  );
};

it("gives vectors in the order of the texts, whatever the server's order", async () => {
  const data = [
    { index: 1, embedding: [0, 2] },
    { index: 0, embedding: [1, 0.5] },
  ];
  expect(await ask({ data, usage: { prompt_tokens: 3 } })).toEqual({
    vectors: [Float32Array.of(1, 0.5), Float32Array.of(0, 2)],
    promptTokens: 3,
  });
  expect(await ask({ data: [{ embedding: [1] }, { embedding: [2] }] })).toMatchObject({ promptTokens: null });
});

it.each([
  null,
  [],
  { data: [{ embedding: [1] }] },
  { data: [{ embedding: [1] }, { embedding: "AACAPw==" }] },
  { data: [{ embedding: [1] }, { embedding: [] }] },
  { data: [{ embedding: [1] }, { embedding: [null] }] },
  { data: [{ embedding: [1] }, { embedding: [1e300] }] },
  { data: [{ embedding: [1] }, { embedding: [1, 2] }] },
  {
    data: [
      { index: 0, embedding: [1] },
      { index: 0, embedding: [1] },
    ],
  },
  {
    data: [
      { index: 0, embedding: [1] },
      { index: 5, embedding: [1] },
    ],
  },
  { data: [{ index: 0, embedding: [1] }, 7] },
])("refuses %j", async (body) => expect(await ask(body)).toBe("invalid_response"));
