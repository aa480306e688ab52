import { expect, test } from "vitest";
import { relayEvents } from "./relay-events.js";

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

test("yields what the work tells, in order, and returns its value", async () => {
  const relayed = relayEvents<number, string>(async (push) => {
    push(1);
    push(2);
    await later();
    push(3);
    return "done";
  });
  const seen: number[] = [];
  let step = await relayed.next();
  for (; !step.done; step = await relayed.next()) seen.push(step.value);
  expect(seen).toEqual([1, 2, 3]);
  expect(step.value).toBe("done");
});

test("a failure comes after the events before it", async () => {
  const relayed = relayEvents<number, void>(async (push) => {
    push(1);
    await later();
    throw new Error("broken");
  });
  expect(await relayed.next()).toEqual({ done: false, value: 1 });
  await expect(relayed.next()).rejects.toThrow("broken");
});
