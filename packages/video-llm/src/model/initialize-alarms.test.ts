import { ALARM_TENSOR_NAMES } from "@videosafety/alarm-tokens";
import { expect, test } from "vitest";
import { hasAlarms } from "./initialize-alarms.js";

const modelWith = (vectors: Record<string, number[]>) => ({
  tensors: new Map(
    Object.entries(vectors).map(([name, values]) => [
      name,
      { data: Float32Array.from(values), dims: [1, values.length], group: "alarmTokens" as const },
    ]),
  ),
});

test("a model has alarms when both vectors hold anything: zeros and missing ones are none", () => {
  const { visualToken, textualToken } = ALARM_TENSOR_NAMES;
  expect(hasAlarms(modelWith({ [visualToken]: [0, 0.1], [textualToken]: [0.2, 0] }))).toBe(true);
  expect(hasAlarms(modelWith({ [visualToken]: [0, 0.1], [textualToken]: [0, 0] }))).toBe(false);
  expect(hasAlarms(modelWith({}))).toBe(false);
});
