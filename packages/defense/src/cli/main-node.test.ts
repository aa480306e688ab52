import { expect, test } from "vitest";
import { runCommand } from "../../test/run-command.js";

const said = (...argv: string[]) => runCommand(argv);

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
