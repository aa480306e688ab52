import { expect, test } from "vitest";
import { formatRope } from "./rope-fields.js";

const config = { ropeTheta: 5e6, ropeScaling: { type: "default" as const }, mropeSections: [24, 20, 20] };

test("Qwen-VL's plain positions are saved under the name that its class in transformers reads", () => {
  expect(formatRope({ ...config, family: "qwen3-vl" })).toEqual({
    rope_theta: 5e6,
    rope_scaling: { rope_type: "default", mrope_section: [24, 20, 20], mrope_interleaved: true },
  });
  expect(formatRope({ ...config, family: "qwen2-vl" })).toEqual({
    rope_theta: 5e6,
    rope_scaling: { type: "mrope", mrope_section: [24, 20, 20] },
  });
});
