import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fuzz, keptCrashes, tryInput } from "../../../fuzz.shared.js";
import { fuzzTargets } from "./fuzz-targets.js";

const crashes = fileURLToPath(new URL("crashes", import.meta.url));

test.each(fuzzTargets.map((target) => [target.name, target] as const))(
  "%s: read or refused by name",
  async (_, target) => {
    const { crash } = await fuzz(target, { seed: 1, runs: 200, milliseconds: 1500 });
    expect(crash?.error, JSON.stringify(crash?.input)?.slice(0, 500)).toBeUndefined();
    for (const [name, input] of keptCrashes(crashes, target))
      await tryInput(target, input).catch((cause) => expect.fail(`${name}: ${cause}`));
  },
  120_000,
);
