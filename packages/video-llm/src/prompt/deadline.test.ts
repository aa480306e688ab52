import { expect, test } from "vitest";
import { TokenizerError } from "../errors.js";
import { DeadlineExceeded, preparedInTime, withDeadline } from "./deadline-node.js";

const endless = (): boolean => /^((\w|\s)+)+$/.test(`${"a ".repeat(30)}!`);

test("an expression without an end is stopped where it stands", () => {
  expect(() => withDeadline(endless, 50)).toThrow(DeadlineExceeded);
  expect(withDeadline(() => 7, 50)).toBe(7);
});

test("work within watched work is under the outer watch", () => {
  let passed = false;
  const work = (): void => {
    try {
      withDeadline(endless, 600_000);
    } catch {
      passed = true; // not reached: what stops the outer work cannot be caught within it
    }
  };
  expect(() => withDeadline(work, 50)).toThrow(DeadlineExceeded);
  expect(passed).toBe(false);
  expect(withDeadline(() => withDeadline(() => 7))).toBe(7);
});

test("what the work throws comes through, and the next is watched again", () => {
  const failing = (): never => {
    throw new RangeError("its own");
  };
  expect(() => preparedInTime(() => withDeadline(failing))).toThrow(new RangeError("its own"));
  expect(() => withDeadline(endless, 50)).toThrow(DeadlineExceeded);
});

test("a prompt that takes too long is an error of the tokenizer's files", () => {
  const late = (): never => {
    throw new DeadlineExceeded(5000);
  };
  expect(() => preparedInTime(late)).toThrow(TokenizerError);
  expect(() => preparedInTime(late)).toThrow(/stopped after 5 seconds/);
});
