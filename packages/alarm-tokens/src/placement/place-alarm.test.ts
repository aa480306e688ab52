import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AlarmPlacementError,
  carryOver,
  findAlarmPositions,
  type PlacementTokens,
  placeAlarmText,
  placeAlarmTokenIds,
} from "../index.js";

// A miniature ChatML: 1 opens a turn, 2 closes one, 10 "user", 11 "assistant", 20 visual, 90/91 alarms.
const START = 1;
const END = 2;
const USER = 10;
const ASSISTANT = 11;
const IMAGE = 20;
const tokens: PlacementTokens = {
  alarm: { visual: 90, textual: 91 },
  visual: [IMAGE],
  userTurnStart: [START, USER],
  endOfTurn: END,
};
const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof AlarmPlacementError) return error.code;
    throw error;
  }
  return "no error";
};

describe("placeAlarmTokenIds", () => {
  test("video: after the last visual token, and before the end of the user turn", () => {
    const ids = [START, USER, 30, IMAGE, IMAGE, 31, IMAGE, 32, 33, END, START, ASSISTANT, 34, END];
    const placed = placeAlarmTokenIds(ids, tokens);
    expect([...placed.tokenIds]).toEqual([
      ...[START, USER, 30, IMAGE, IMAGE, 31, IMAGE, 90, 32, 33, 91, END],
      ...[START, ASSISTANT, 34, END],
    ]);
    expect([placed.visualIndex, placed.textualIndex]).toEqual([7, 10]);
  });

  // A system turn, then two user turns around an answer.
  const twoTurns = [START, 12, 30, END, START, USER, 31, END, START, ASSISTANT, 32, END, START, USER, 33, END];

  test("several turns: before the end of the last user turn, and the result says so", () => {
    const placed = placeAlarmTokenIds(twoTurns, tokens);
    expect([...placed.tokenIds]).toEqual([...twoTurns.slice(0, 15), 90, 91, END]);
    expect(placed.userTurns).toEqual([1]);
    expect(placed.earlierTextualIndices).toEqual([]);
  });

  test("every turn: earlier ones get a textual token of their own", () => {
    const placed = placeAlarmTokenIds(twoTurns, tokens, { turns: "every" });
    expect([...placed.tokenIds]).toEqual([...twoTurns.slice(0, 7), 91, ...twoTurns.slice(7, 15), 90, 91, END]);
    expect(placed.userTurns).toEqual([0, 1]);
    expect(placed.earlierTextualIndices).toEqual([7]);
    expect([placed.visualIndex, placed.textualIndex]).toEqual([16, 17]);
  });

  test("a video of an earlier turn keeps its alarm, and the words of the last turn theirs", () => {
    const ids = [START, USER, IMAGE, 31, END, START, ASSISTANT, 32, END, START, USER, 33, END, START, ASSISTANT];
    const placed = placeAlarmTokenIds(ids, tokens);
    expect([placed.visualIndex, placed.textualIndex]).toEqual([3, 13]);
    expect([...placed.tokenIds.slice(9, 15)]).toEqual([END, START, USER, 33, 91, END]);
  });

  test("labels are carried over with -100 at the alarm tokens", () => {
    const ids = [START, USER, IMAGE, 31, END, START, ASSISTANT, 32, END];
    const labels = [-100, -100, -100, -100, -100, -100, -100, 32, END];
    const placed = placeAlarmTokenIds(ids, tokens);
    expect([...carryOver(labels, placed, -100)]).toEqual([
      ...[-100, -100, -100, -100, -100, -100, -100, -100, -100],
      ...[32, END],
    ]);
  });

  test("property: removing the two tokens gives the sample back, whatever stands in the turns", () => {
    const word = fc.oneof(fc.constant(IMAGE), fc.integer({ min: 30, max: 60 }));
    fc.assert(
      fc.property(fc.array(word), fc.array(fc.integer({ min: 30, max: 60 })), (user, answer) => {
        const ids = [START, USER, ...user, END, START, ASSISTANT, ...answer, END];
        const placed = placeAlarmTokenIds(ids, tokens);
        const kept = [...placed.tokenIds].filter((id) => id < 90);
        expect(kept).toEqual(ids);
        const { visual, textual } = findAlarmPositions(placed.tokenIds, tokens.alarm);
        const lastImage = placed.tokenIds.lastIndexOf(IMAGE);
        expect(visual).toBe(lastImage < 0 ? textual - 1 : lastImage + 1);
        expect(placed.tokenIds[textual + 1]).toBe(END);
      }),
    );
  });

  test("property: compressing visual tokens before or after placement gives the same sample", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), (kept) => {
        kept[0] = true; // the first token of a frame always stays
        const ids = [START, USER, ...kept.map(() => IMAGE), 30, END];
        let image = 0;
        const keep = (id: number): boolean => id !== IMAGE || (kept[image++] as boolean);
        const before = placeAlarmTokenIds(ids.filter(keep), tokens).tokenIds;
        image = 0;
        const after = placeAlarmTokenIds(ids, tokens).tokenIds.filter(keep);
        expect([...after]).toEqual([...before]);
      }),
    );
  });

  test("typed errors say what is wrong and where", () => {
    expect(code(() => placeAlarmTokenIds([START, ASSISTANT, END], tokens))).toBe("no-user-turn");
    expect(code(() => placeAlarmTokenIds([START, USER, 30], tokens))).toBe("no-end-of-turn");
    expect(code(() => placeAlarmTokenIds([START, USER, 30, END, IMAGE], tokens))).toBe("visual-outside-turn");
    expect(code(() => placeAlarmTokenIds([START, USER, 30, START, USER, 30, END], tokens, { turns: "every" }))).toBe(
      "no-end-of-turn",
    );
    expect(code(() => placeAlarmTokenIds([START, USER, 30, END], tokens, { turns: "first" as "last" }))).toBe(
      "invalid-layout",
    );
    expect(code(() => placeAlarmTokenIds([START, USER, 90, END], tokens))).toBe("alarm-duplicated");
    expect(() => placeAlarmTokenIds([3], tokens, { location: { file: "train.jsonl", line: 12, id: "a" } })).toThrow(
      /^train\.jsonl:12 \(id a\): expected a user turn/,
    );
  });
});

describe("findAlarmPositions", () => {
  test("missing, doubled and reordered tokens are told apart", () => {
    const ids = { visual: 90, textual: 91 };
    expect(findAlarmPositions([1, 90, 2, 91], ids)).toEqual({ visual: 1, textual: 3 });
    expect(code(() => findAlarmPositions([1, 90], ids))).toBe("alarm-missing");
    expect(code(() => findAlarmPositions([90, 90, 91], ids))).toBe("alarm-duplicated");
    expect(code(() => findAlarmPositions([91, 90], ids))).toBe("alarm-misordered");
  });
});

describe("placeAlarmText", () => {
  const chat = (user: string): string => `<|im_start|>user\n${user}<|im_end|>\n<|im_start|>assistant\n`;

  test("video, several images, text only", () => {
    expect(placeAlarmText(chat("Time 0.0s:<image>,Time 1.0s:<image>\nhello")).text).toBe(
      chat("Time 0.0s:<image>,Time 1.0s:<image><|visual_alarm|>\nhello<|textual_alarm|>"),
    );
    expect(placeAlarmText(chat("hello")).text).toBe(chat("hello<|visual_alarm|><|textual_alarm|>"));
  });

  test("several turns: the last one by default, each on demand, as on ids", () => {
    const turns = chat("<image>\na") + chat("b");
    expect(placeAlarmText(turns)).toEqual({
      text: chat("<image><|visual_alarm|>\na") + chat("b<|textual_alarm|>"),
      userTurns: [1],
    });
    expect(placeAlarmText(turns, { turns: "every" })).toEqual({
      text: chat("<image><|visual_alarm|>\na<|textual_alarm|>") + chat("b<|textual_alarm|>"),
      userTurns: [0, 1],
    });
  });

  test("a user cannot smuggle in alarm tokens, and bad templates are typed errors", () => {
    expect(code(() => placeAlarmText(chat("<|textual_alarm|>hi")))).toBe("alarm-duplicated");
    expect(code(() => placeAlarmText("hello"))).toBe("no-user-turn");
    expect(code(() => placeAlarmText("<|im_start|>user\nhello"))).toBe("no-end-of-turn");
    expect(code(() => placeAlarmText(`${chat("a")}<image>`))).toBe("visual-outside-turn");
  });
});
