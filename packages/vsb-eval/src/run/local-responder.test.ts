import type { SampledVideo } from "@videosafety/video-sampler";
import { describe, expect, test } from "vitest";
import { createLocalResponder, type LocalGeneration, type LocalMessage } from "./local-responder.js";
import { DEFAULT_GENERATION, type ResponderRequest } from "./responder.js";

interface Prompt {
  readonly tokenIds: Int32Array;
  readonly text: string;
  readonly alarmTokens: boolean | undefined;
}

/** A model that says back what it was asked: deterministic, and counting its calls. */
function echoModel() {
  const calls: { prompts: number; generation: LocalGeneration }[] = [];
  let encoded = 0;
  return {
    calls,
    encodedVideos: () => encoded,
    encodeVideo: async (video: SampledVideo) => {
      encoded++;
      return video.timestampsSeconds.length;
    },
    preparePrompt: (request: { messages: LocalMessage[]; visual: number | null; alarmTokens?: boolean }): Prompt => {
      const text = `${request.messages.map(({ role, content }) => `${role}: ${content}`).join("; ")} [${request.visual}]`;
      return { text, tokenIds: new Int32Array(text.length), alarmTokens: request.alarmTokens };
    },
    generate: async (prompts: readonly Prompt[], generation: LocalGeneration) => {
      calls.push({ prompts: prompts.length, generation });
      return prompts.map(({ text }) => [{ text, tokenIds: [1, 2], finishReason: "stop" as const }]);
    },
  };
}

const clip = { timestampsSeconds: new Float64Array(6) } as SampledVideo;
const request = (id: string, changes: Partial<ResponderRequest["generation"]> = {}): ResponderRequest => ({
  item: { id } as ResponderRequest["item"],
  arm: "video",
  query: `query ${id}`,
  frames: clip,
  generation: { ...DEFAULT_GENERATION, ...changes },
});

describe("a local model as responder", () => {
  test("answers greedy requests in one batch and encodes equal frames once", async () => {
    const model = echoModel();
    const responder = createLocalResponder({ id: "echo@1", model, alarmTokens: false });
    const answers = await responder.respondMany([request("a"), { ...request("b"), frames: null }, request("c")], {});
    expect(answers.map(({ text }) => text)).toEqual(["user: query a [6]", "user: query b [null]", "user: query c [6]"]);
    expect(answers[0]?.usage).toEqual({ promptTokens: "user: query a [6]".length, completionTokens: 2 });
    expect(model.calls.map(({ prompts }) => prompts)).toEqual([3]);
    expect(model.encodedVideos()).toBe(1);
  });

  test("writes the prompt of a training around each query, and is another responder then", async () => {
    const questionPrompt = "{query} Think first.";
    const responder = createLocalResponder({ id: "echo@1", model: echoModel(), questionPrompt });
    const [answer] = await responder.respondMany([{ ...request("$&"), frames: null }], {});
    expect(answer?.text).toBe("user: query $& Think first. [null]");
    expect(responder.id).toBe('echo@1, asked "{query} Think first."');
    expect(() => createLocalResponder({ id: "echo@1", model: echoModel(), questionPrompt: "Think." })).toThrow(
      /expected \{query\} in questionPrompt/,
    );
  });

  test("keeps the order when settings differ, and gives the model the system message and each request's settings", async () => {
    const model = echoModel();
    const responder = createLocalResponder({ id: "echo@1", model });
    const asked = [
      request("a"),
      request("b", { maxNewTokens: 3 }),
      request("c", { system: "Be brief." }),
      request("d"),
    ];
    const answers = await responder.respondMany(asked, {});
    expect(answers.map(({ text }) => text)).toEqual([
      "user: query a [6]",
      "user: query b [6]",
      "system: Be brief.; user: query c [6]",
      "user: query d [6]",
    ]);
    expect(model.calls.map(({ prompts, generation }) => [prompts, generation.maxCompletionLength])).toEqual([
      [3, 512],
      [1, 3],
    ]);
  });

  test("a sampled answer does not depend on what it is batched with", async () => {
    const seeds = async (...ids: string[]): Promise<number[]> => {
      const model = echoModel();
      const responder = createLocalResponder({ id: "echo@1", model });
      await responder.respondMany(
        ids.map((id) => request(id, { temperature: 1, seed: 4 })),
        {},
      );
      expect(model.calls.every(({ prompts }) => prompts === 1)).toBe(true);
      return model.calls.map(({ generation }) => generation.seed);
    };
    const [a, b] = await seeds("a", "b");
    expect(a).not.toBe(b);
    expect(await seeds("b", "a")).toEqual([b, a]);
    expect(await seeds("b")).toEqual([b]);
  });

  test("streams where the model cannot batch, and refuses a stream that does not say why it ended", async () => {
    const { generate: _, ...model } = echoModel();
    const streaming = (last: "length" | null) => ({
      ...model,
      async *stream({ text }: Prompt) {
        yield { text: text.slice(0, 4), finishReason: null };
        yield { text: text.slice(4), finishReason: last };
      },
    });
    const whole = await createLocalResponder({ id: "s", model: streaming("length") }).respond(request("a"), {});
    expect(whole).toMatchObject({ text: "user: query a [6]", finishReason: "length" });
    await expect(createLocalResponder({ id: "s", model: streaming(null) }).respond(request("a"), {})).rejects.toThrow(
      /why it ended/,
    );
    expect(() => createLocalResponder({ id: "s", model })).toThrow(/generate\(\) or stream\(\)/);
  });

  test("a missing completion is a typed error, not an empty answer", async () => {
    const model = { ...echoModel(), generate: async () => [] };
    await expect(createLocalResponder({ id: "m", model }).respond(request("a"), {})).rejects.toMatchObject({
      code: "invalid_response",
    });
  });
});
