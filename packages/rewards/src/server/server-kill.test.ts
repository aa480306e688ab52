import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import type { RewardResponse } from "../server.js";

const program = new URL("../../test/serve-from-source.mjs", import.meta.url).pathname;

async function start(port: number): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [program, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return { child, url: line.toString().trim() };
}

const batch = (k: number) =>
  JSON.stringify({
    items: Array.from({ length: 50 }, (_, i) => ({
      completion: `<answer>${k * i}</answer>`,
      solution: `<answer>${i % 3 === 0 ? k * i : k + i}</answer>`,
      problem_type: "regression",
    })),
    rewards: ["accuracy"],
  });

/** A trainer that sends a batch until it is answered. */
async function persist(url: string, body: string): Promise<RewardResponse> {
  for (;;)
    try {
      const response = await fetch(`${url}/v1/rewards`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      if (response.ok) return (await response.json()) as RewardResponse;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

describe("kill -9 and restart", () => {
  it("loses no acknowledged answer: the server keeps no state, so a batch sent again gets the same bits", async () => {
    let { child, url } = await start(0);
    const port = Number(new URL(url).port);
    try {
      const acknowledged: RewardResponse[] = [];
      for (let k = 0; k < 5; k++) acknowledged.push(await persist(url, batch(k)));
      const inFlight = Array.from({ length: 5 }, (_, k) => persist(url, batch(k)));
      child.kill("SIGKILL");
      await once(child, "exit");
      ({ child, url } = await start(port));
      expect(await Promise.all(inFlight)).toEqual(acknowledged);
      expect(acknowledged[2]?.total[1]).toBeCloseTo(2 / 3, 14);
      expect(acknowledged[2]?.total[3]).toBe(1);
    } finally {
      child.kill("SIGKILL");
    }
  }, 120_000);
});
