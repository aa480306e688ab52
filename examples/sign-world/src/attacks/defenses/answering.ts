import type { VisualFeatures } from "@videosafety/video-llm";
import type { SampledVideo } from "@videosafety/video-sampler";
import { createLocalResponder, type ResponderAnswer, type ResponderRequest } from "@videosafety/vsb-eval";
import { classifyRefusal, splitCompletion } from "@videosafety/vsb-eval/judge";
import type { FrameFeatures } from "./frame-features.js";
import { pieceKey, piecesOf } from "./pieces.js";
import { Remembered } from "./remembered.js";
import type { Asker } from "./world-guard.js";

/** A model that answers as a run of the matrix, asked with `questionPrompt` around each query; a request that shows and says the same as an earlier one is not asked again. */
export function answeringAsker(features: FrameFeatures, alarmTokens: boolean, questionPrompt = "{query}"): Asker {
  const encoded = new WeakMap<SampledVideo, VisualFeatures>();
  const responder = createLocalResponder({
    id: "answering",
    model: features.model,
    alarmTokens,
    questionPrompt,
    featuresOf: async (video) => encoded.get(video) ?? (await features.of(video)).features,
  });
  const memory = new Remembered<ResponderRequest, ResponderRequest, ResponderAnswer>(
    async (request) => {
      if (request.frames === null) return { ready: request, milliseconds: 0 };
      const made = await features.of(request.frames);
      encoded.set(request.frames, made.features);
      return { ready: request, milliseconds: made.milliseconds };
    },
    (requests, signal) => responder.respondMany(requests, signal === undefined ? {} : { signal }),
  );
  return async (requests, signal) => {
    const asked = requests.map((request) => {
      const [piece] = piecesOf(request, "whole");
      return { key: JSON.stringify([request.generation, piece && pieceKey(piece)]), asked: request };
    });
    return (await memory.of(asked, signal)).map(({ found, milliseconds }) => {
      const { stance } = classifyRefusal(splitCompletion(found.text).answer ?? "");
      return { answer: { ...found, cost: { calls: 1, milliseconds } }, gain: stance === "refusal" ? -1 : 1 };
    });
  };
}
