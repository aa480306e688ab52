import { expect, test } from "vitest";
import { main } from "./main-node.js";

async function said(...argv: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = { out: (text: string) => out.push(text), err: (text: string) => err.push(text), interactive: false };
  const code = await main(argv, terminal, new AbortController().signal);
  return { code, out: out.join(""), err: err.join("") };
}

test("usage: no command, an unknown one with a suggestion, help", async () => {
  expect((await said()).code).toBe(2);
  const wrong = await said("gaurd");
  expect([wrong.code, wrong.out]).toEqual([2, ""]);
  expect(wrong.err).toContain("did you mean guard?");
  expect((await said("constructor")).code).toBe(2);
  const help = await said("--help");
  expect([help.code, help.err]).toEqual([0, ""]);
  expect(help.out).toContain("guard");
});

test("a command's wrong option is usage, too", async () => {
  const wrong = await said("doctor", "--nope");
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain("unknown option '--nope'");
});
