import { expect, it } from "vitest";
import { killLoop } from "../../test/kill-loop.js";

it("loses nothing and does nothing twice when killed with SIGKILL (the full loop: test/kill-loop.ts)", async () => {
  const { askedTwice, judgedTwice, lost, asked, judged } = await killLoop(3, 25);
  expect({ askedTwice, judgedTwice, lost }).toEqual({ askedTwice: [], judgedTwice: [], lost: [] });
  expect(judged).toBe(asked);
  expect(asked).toBeGreaterThan(100);
}, 120_000);
