import type { TrainableModel } from "@videosafety/alarm-tokens";
import type { Policy } from "@videosafety/grpo";
import { expectTypeOf, test } from "vitest";
import type { PreparedPrompt, PreparedSample, VideoLlm } from "../index.js";

test("a model is alarm-tokens' TrainableModel and its policy is grpo's Policy, without importing them", () => {
  expectTypeOf<VideoLlm>().toExtend<TrainableModel<PreparedSample>>();
  expectTypeOf<ReturnType<VideoLlm["policy"]>>().toExtend<Policy<PreparedPrompt>>();
});
