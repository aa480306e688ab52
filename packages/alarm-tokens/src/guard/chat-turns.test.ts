import { createRng } from "@videosafety/random";
import { expect, test } from "vitest";
import { AlarmShapeError } from "../errors.js";
import type { SampleLabels } from "../labels/label-policy.js";
import { type ChatMessage, type ChatTurn, chatTurns, watchTurns } from "./chat-turns.js";
import { createDriftMonitor } from "./drift-monitor.js";
import { createGuard } from "./guard.js";
import { calibrateGuard, describeGuarantee } from "./guard-calibration.js";
import { calibrateStreamGuard } from "./stream-calibration.js";

const chat: ChatMessage<string>[] = [
  { role: "system", content: "be kind" },
  { role: "user", content: "hello" },
  { role: "assistant", content: "hi, and a forbidden word of mine" },
  { role: "user", content: "what is this?", video: "a.mp4" },
  { role: "assistant", content: "a block" },
  { role: "user", content: "and then?", video: null },
  { role: "user", content: "and here?", video: "b.mp4" },
];

test("each user turn is an input of its own, with the video in view", () => {
  expect(chatTurns(chat)).toEqual([
    { turn: 0, message: 1, query: "hello", video: null, carriedVideo: false },
    { turn: 1, message: 3, query: "what is this?", video: "a.mp4", carriedVideo: false },
    { turn: 2, message: 5, query: "and then?", video: "a.mp4", carriedVideo: true },
    { turn: 3, message: 6, query: "and here?", video: "b.mp4", carriedVideo: false },
  ]);
  const queries = chatTurns(chat, { context: "conversation" }).map(({ query }) => query);
  expect(queries.at(-1)).toBe("hello\nwhat is this?\nand then?\nand here?");
  expect(() => chatTurns([chat[0] as ChatMessage<string>])).toThrow(AlarmShapeError);
});

/** Scores come with the query: a stand-in for a model. */
const none = new Float32Array();
const model = {
  alarmStates: async (logits: readonly number[]) => {
    const read = Float32Array.from(logits);
    return { visualHidden: none, textualHidden: none, visualLogits: read, textualLogits: read };
  },
};
const input = ({ query }: ChatTurn<null>): number => Number(query);
const safe: SampleLabels = { visual: 0, textual: 0 };
/** A safe conversation of 1 to 12 turns. */
const conversation = (rng: ReturnType<typeof createRng>): number[] =>
  Array.from({ length: 1 + rng.integer(12) }, () => rng.normal() - 2);
const turnsOf = (scores: readonly number[]) =>
  chatTurns<null>(scores.map((score) => ({ role: "user", content: String(score) })));

test("a promise for conversations holds where one for turns breaks", async () => {
  const rng = createRng(1);
  const labels = Array.from({ length: 600 }, (_, i) => ({ visual: i % 2, textual: i % 2 }) as SampleLabels);
  const logits = labels.map(({ textual }) => rng.normal() + (textual === 1 ? 2 : -2));
  const base = calibrateGuard({ visualLogits: logits, textualLogits: logits, labels, targetFrr: 0.05 });
  const videos = Array.from({ length: 300 }, () => {
    const scores = conversation(rng);
    return { labels: safe, visualLogits: scores, textualLogits: scores };
  });
  const calibration = calibrateStreamGuard({ base, videos, targetFrr: 0.05, unit: "conversation" });
  expect(describeGuarantee(calibration)).toMatch(/safe conversations like the 300 .* refused in any turn/);
  const refusedShare = async (calibrated: typeof base): Promise<number> => {
    const guard = createGuard(model, calibrated);
    const drawn = createRng(2);
    let refused = 0;
    for (let i = 0; i < 400; i++) {
      let last = false;
      for await (const { raisedSoFar } of watchTurns(guard, turnsOf(conversation(drawn)), { input }))
        last = raisedSoFar;
      if (last) refused++;
    }
    return refused / 400;
  };
  expect(await refusedShare(calibration)).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 400));
  expect(await refusedShare(base)).toBeGreaterThan(0.1);
});

test("a calibration's own scores and the assessments' feed a drift monitor", async () => {
  const rng = createRng(4);
  const labels = Array.from({ length: 600 }, (_, i) => ({ visual: i % 2, textual: i % 2 }) as SampleLabels);
  const logits = labels.map(({ textual }) => rng.normal() + (textual === 1 ? 3 : -3));
  const calibration = calibrateGuard({ visualLogits: logits, textualLogits: logits, labels, targetFrr: 0.05 });
  expect(calibration.safeScores).toHaveLength(300);
  const guard = createGuard(model, calibration);
  const alarmedBy = async (shift: number): Promise<boolean> => {
    const monitor = createDriftMonitor(calibration.safeScores ?? []);
    for (let t = 0; t < 300; t++) monitor.observe((await guard.assess(rng.normal() - 3 + shift)).score);
    return monitor.reading().drifted;
  };
  expect(await alarmedBy(0)).toBe(false);
  expect(await alarmedBy(1)).toBe(true);
});
