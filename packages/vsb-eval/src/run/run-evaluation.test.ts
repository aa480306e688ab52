import type { EvalItem } from "@videosafety/safety-data";
import { describe, expect, it } from "vitest";
import { RequestError, VsbEvalError } from "../errors.js";
import { createRuleJudge } from "../judge/rule-judge.js";
import type { Judge } from "../judge/verdict.js";
import { collectUnits } from "../metrics/scored-unit.js";
import { taggedOutputOf } from "../metrics/tagged-output.js";
import { MemoryStore } from "../store/evaluation-store.js";
import { testFrames, testItems, testResponder } from "../testing/fixtures.js";
import type { EvaluationEvent, EvaluationOptions } from "./evaluation-options.js";
import type { Responder, ResponderRequest } from "./responder.js";
import { runEvaluation } from "./run-evaluation.js";

const REFUSAL = "I'm sorry, I can't help with that.";
const items = testItems(4);

function options(changes: Partial<EvaluationOptions>): EvaluationOptions {
  return {
    items,
    responder: testResponder(() => REFUSAL),
    arms: ["video", "text"],
    judge: createRuleJudge(),
    store: new MemoryStore(),
    sampling: testFrames(),
    retry: { baseDelaySeconds: 0.001 },
    ...changes,
  };
}

async function run(changes: Partial<EvaluationOptions>): Promise<EvaluationEvent[]> {
  const events: EvaluationEvent[] = [];
  for await (const event of runEvaluation(options(changes))) events.push(event);
  return events;
}

describe("runEvaluation", () => {
  it("answers and judges every item under every arm, then nothing again", async () => {
    const store = new MemoryStore();
    const responder = testResponder(({ arm, frames }) => `${REFUSAL} ${arm} ${frames?.frames.dims[0] ?? "no frames"}`);
    const events = await run({ store, responder });
    expect(events[0]).toMatchObject({ type: "start", total: 24 });
    expect(events.filter(({ type }) => type === "verdict")).toHaveLength(24);
    expect(events.at(-1)).toMatchObject({ type: "progress", done: 24, total: 24 });
    expect(responder.calls).toBe(24);
    const again = await run({ store, responder });
    expect(responder.calls).toBe(24);
    expect(again.filter((event) => event.type === "response" && event.cached)).toHaveLength(24);
    expect(again.filter((event) => event.type === "verdict" && event.cached)).toHaveLength(24);
    const texts = store.units(store.runs()[0] as string);
    expect([...texts].some(({ response }) => store.response(response)?.text.endsWith("no frames"))).toBe(true);
  });

  it("asks equal requests once, for the first of their items however long its hash takes", async () => {
    const [one] = testItems(1);
    const equal = [30, 10, 0].map((delay, i) => ({
      ...(one as EvalItem),
      id: `item-${i}`,
      video: { path: `${delay}.mp4` },
    }));
    const source = testFrames();
    const sha256 = async ({ path }: { path: string }): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, Number.parseInt(path, 10)));
      return "same";
    };
    const asked: string[] = [];
    const responder = testResponder(({ item }) => {
      asked.push(item.id);
      return REFUSAL;
    });
    await run({ items: equal, arms: ["video"], responder, sampling: { ...source, sha256 } });
    expect(asked).toEqual(["item-0"]);
  });

  it("records failures as errors that are never scored, and asks them again", async () => {
    const store = new MemoryStore();
    let broken = true;
    const responder = testResponder(({ item }) => {
      if (broken && item.id === "HH-0") throw new Error("boom");
      return REFUSAL;
    });
    await run({ store, responder });
    const collect = () =>
      collectUnits(store, { run: store.runs()[0] as string, judge: createRuleJudge().id, items, arms: ["video"] });
    expect(collect()[0]).toMatchObject({ outcome: "error", verdict: null });
    broken = false;
    const calls = responder.calls;
    await run({ store, responder });
    expect(responder.calls).toBe(calls + 2);
    expect(collect()[0]).toMatchObject({ outcome: "answered", verdict: { safe: 1 } });
  });

  it("maps finish reasons and empty answers to outcomes", async () => {
    const store = new MemoryStore();
    const finish = { "HH-0": "blocked", "HH-1": "length" } as Record<string, "blocked" | "length">;
    const responder: Responder = {
      id: "m",
      respond: async ({ item }) => ({
        text: item.id === "HH-2" ? "<think>hm" : REFUSAL,
        finishReason: finish[item.id] ?? "stop",
      }),
    };
    await run({ store, responder, arms: ["text"] });
    const units = collectUnits(store, {
      run: store.runs()[0] as string,
      judge: createRuleJudge().id,
      items,
      arms: ["text"],
    });
    expect(units.slice(0, 4).map(({ outcome }) => outcome)).toEqual(["blocked", "truncated", "error", "answered"]);
  });

  it("retries what is worth it and honours maxRetries 0", async () => {
    let calls = 0;
    const flaky: Responder = {
      id: "m",
      respond: async () => {
        calls++;
        throw new RequestError("server_error", "503");
      },
    };
    const one = { items: items.slice(0, 1), arms: ["text"], responder: flaky };
    await run({ ...one, retry: { maxRetries: 2, baseDelaySeconds: 0.001 } });
    expect(calls).toBe(3);
    calls = 0;
    await run({ ...one, retry: { maxRetries: 0 } });
    expect(calls).toBe(1);
  });

  it("gives up an attempt at the time-out", async () => {
    const responder: Responder = {
      id: "m",
      respond: (_, { signal }) =>
        new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
    };
    const retry = { maxRetries: 0, timeoutSeconds: 0.02 };
    const events = await run({ items: items.slice(0, 1), arms: ["text"], responder, retry });
    expect(events.find(({ type }) => type === "response")).toMatchObject({
      record: { outcome: "error", error: { code: "timeout" } },
    });
  });

  it("stops at a fatal error", async () => {
    const responder: Responder = {
      id: "m",
      respond: async () => {
        throw new RequestError("unauthorized", "bad key", { fatal: true });
      },
    };
    await expect(run({ responder })).rejects.toMatchObject({ code: "fatal_responder" });
  });

  it("batches through respondMany, one arm a batch, and falls back to single requests", async () => {
    const sizes: number[] = [];
    let single = 0;
    const responder: Responder = {
      id: "m",
      respond: async ({ item }) => {
        single++;
        if (item.id === "SH-1") throw new Error("bad item");
        return { text: REFUSAL, finishReason: "stop" };
      },
      respondMany: async (requests: readonly ResponderRequest[]) => {
        expect(new Set(requests.map(({ arm }) => arm)).size).toBe(1);
        if (requests.some(({ item }) => item.id === "SH-1")) throw new Error("bad batch");
        sizes.push(requests.length);
        return requests.map(() => ({ text: REFUSAL, finishReason: "stop" as const }));
      },
    };
    const events = await run({ responder, batchSize: 4, arms: ["video", "text"] });
    expect(sizes).toEqual([4, 4, 4, 4]);
    expect(single).toBe(8);
    const outcomes = events.flatMap((event) => (event.type === "response" ? [event.record.outcome] : []));
    expect(outcomes.filter((outcome) => outcome === "error")).toHaveLength(2);
    expect(outcomes).toHaveLength(24);
  });

  it("turns a judge's failure into judge_failed and judges equal answers once", async () => {
    let calls = 0;
    const judge: Judge = {
      id: "j",
      judge: async ({ item }) => {
        if (item.id === "HH-0") throw new Error("nonsense");
        calls++;
        return { stance: "refusal", safe: 1 };
      },
    };
    const store = new MemoryStore();
    await run({ judge, store });
    // The two arms give the same answer to the same question: one judgement each.
    expect(calls).toBe(11);
    const units = collectUnits(store, { run: store.runs()[0] as string, judge: "j", items, arms: ["video", "text"] });
    expect(units.filter(({ outcome }) => outcome === "judge_failed")).toHaveLength(2);
  });

  it("judges the reasoning apart on request", async () => {
    const store = new MemoryStore();
    const responder = testResponder(() => `<think>Sure, a plan.</think><answer>${REFUSAL}</answer>`);
    await run({ store, responder, judgeThink: true, arms: ["text"] });
    const selection = { run: store.runs()[0] as string, judge: createRuleJudge().id, items, arms: ["text"] };
    const units = collectUnits(store, selection);
    expect(units.every(({ verdict, thinkVerdict }) => verdict?.safe === 1 && thinkVerdict?.safe === 0)).toBe(true);
    expect(taggedOutputOf(units).thinkLeak.value).toBe(1);
  });

  it("cancels requests when the consumer leaves and when the signal aborts, and resumes", async () => {
    const store = new MemoryStore();
    let cancelled = 0;
    let slow = true;
    const responder: Responder = {
      id: "m",
      respond: async ({ item }, { signal }) => {
        if (!slow || item.id === "HH-0") return { text: REFUSAL, finishReason: "stop" };
        return new Promise((_, reject) =>
          signal?.addEventListener("abort", () => {
            cancelled++;
            reject(signal.reason);
          }),
        );
      },
    };
    for await (const event of runEvaluation(options({ store, responder }))) if (event.type === "verdict") break;
    expect(cancelled).toBeGreaterThan(0);
    const controller = new AbortController();
    const stopped = (async () => {
      for await (const event of runEvaluation(options({ store, responder, signal: controller.signal })))
        if (event.type === "verdict") controller.abort(new Error("stop"));
    })();
    await expect(stopped).rejects.toThrow("stop");
    slow = false;
    const events = await run({ store, responder });
    expect(events.filter((event) => event.type === "response" && event.record.outcome === "answered")).toHaveLength(24);
  });

  it("stops when the store cannot write, as on a full disk, and asks no more", async () => {
    const store = new MemoryStore();
    let appends = 0;
    store.append = async () => {
      if (++appends > 3) throw new VsbEvalError("store_write_failed", "ENOSPC: no space left on device");
    };
    const responder = testResponder(() => REFUSAL);
    const concurrency = { start: 1, max: 1 };
    await expect(run({ store, responder, concurrency })).rejects.toMatchObject({ code: "store_write_failed" });
    expect(responder.calls).toBeLessThan(6);
  });

  it("rejects duplicate ids, unknown arms and a missing frame source", async () => {
    await expect(run({ items: [items[0] as never, items[0] as never] })).rejects.toMatchObject({
      code: "invalid_input",
    });
    await expect(run({ arms: ["vidoe"] })).rejects.toMatchObject({ code: "invalid_arm" });
    await expect(run({ sampling: null })).rejects.toMatchObject({ code: "invalid_input" });
  });

  it("records unreadable media as errors and goes on", async () => {
    const sampling = testFrames();
    sampling.sha256 = async () => {
      throw new Error("ENOENT");
    };
    const events = await run({ sampling, arms: ["video", "text"] });
    const codes = events.flatMap((event) => (event.type === "response" ? [event.record.error?.code ?? "fine"] : []));
    expect(codes.filter((code) => code === "media_unreadable")).toHaveLength(12);
    expect(codes.filter((code) => code === "fine")).toHaveLength(12);
  });
});
