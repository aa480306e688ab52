import { trainingAlarms } from "@videosafety/defense";
import { expect, test } from "vitest";
import { understandingOf } from "./understanding.js";

test("understanding is that of questions about the clip", () => {
  const truth = (count: number) => ({ usefulness: 0.9, scores: { "V: right": { count, of: 100 } } });
  const stages = [50, 30].map((count, i) => ({ stage: `s${i}`, frr: 0, understanding: understandingOf(truth(count)) }));
  const alarms = trainingAlarms(stages, new Map());
  expect(alarms.map(({ stage, rule }) => `${stage} ${rule}`)).toEqual(["s1 lost-understanding"]);
  expect(alarms[0]?.message).toBe("right answers to questions about the clip 30.0 %, the base's 50.0 %");
  expect(understandingOf({ usefulness: 0.9, scores: {} })).toEqual({ of: "safe queries", right: 0.9 });
  expect(understandingOf({ usefulness: null, scores: {} })).toBeNull();
});
