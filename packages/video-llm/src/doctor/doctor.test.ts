import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openSafetensors } from "@videosafety/onnx-autodiff";
import { describe, expect, test } from "vitest";
import { startHub } from "../../test/hub-server.js";
import { temporaryDirectories, tinyModel } from "../../test/tiny.js";
import { inspectModel, loadVideoLlm, saveVideoLlm } from "../index.js";
import { main } from "./cli-node.js";

const golden = (name: string): string => fileURLToPath(new URL(`../../test/golden/${name}`, import.meta.url));
const temporary = temporaryDirectories();

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await main(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

describe("doctor", () => {
  test.each(["videollama3-hf", "smolvlm2", "qwen2-vl", "qwen2.5-vl"])("says what %s is", async (name) => {
    const { code, out, err } = await run("doctor", golden(name), "--load");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/weights {6}float32 .*, bfloat16 .*, float16 .*, int8 .*, int4 /);
    expect(out).toMatch(/loads {8}yes, and answers/);
    expect(out).toMatch(/alarm tokens in the tokenizer: no, trained vectors: no, heads: no/);
    const report = JSON.parse((await run("doctor", golden(name), "--json")).out);
    const model = await loadVideoLlm(golden(name));
    expect(report).toMatchObject({
      family: model.config.family,
      parameters: model.parameterCount,
      commit: null,
      answered: null,
    });
    expect(report.memory.weights.float32).toBe(4 * model.parameterCount);
  });

  test("the memory it states is what converted weights take", async () => {
    const directory = await temporary();
    const model = tinyModel({ config: { hiddenSize: 64, intermediateSize: 128 } });
    await saveVideoLlm(model, directory);
    const { memory, alarms } = await inspectModel(directory);
    expect(alarms).toEqual({ inTokenizer: true, vectors: true, heads: true });
    for (const precision of ["bfloat16", "int8", "int4"] as const) {
      const cacheDirectory = await temporary();
      const loaded = await loadVideoLlm(directory, { precision, cacheDirectory });
      const [file] = (await readdir(cacheDirectory)).filter((name) => name.endsWith(".safetensors"));
      const reader = await openSafetensors(join(cacheDirectory, file as string));
      await reader.close();
      let bytes = [...reader.entries.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
      for (const tensor of loaded.tensors.values()) if (!("storage" in tensor)) bytes += tensor.data.byteLength;
      expect(Math.abs(memory.weights[precision] / bytes - 1)).toBeLessThan(0.05);
    }
  });

  test("exit codes are honest", async () => {
    const directory = await temporary();
    await cp(golden("qwen2-vl"), directory, { recursive: true });
    await rm(join(directory, "model.safetensors"));
    expect(await run("doctor", directory)).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringMatching(/does not load \[truncated\]/),
    });
    await writeFile(join(directory, "config.json"), JSON.stringify({ model_type: "llava" }));
    expect(await run("doctor", directory)).toMatchObject({ code: 1, err: expect.stringMatching(/llava/) });
    expect(await run("doctor", "/nowhere")).toMatchObject({ code: 1, err: expect.stringMatching(/no such directory/) });
    expect(await run("doctor")).toMatchObject({ code: 2 });
    expect(await run("cure", directory)).toMatchObject({ code: 2 });
    expect(await run("doctor", directory, "--nonsense")).toMatchObject({ code: 2 });
    expect(await run("doctor", golden("qwen2-vl"), "--load", "--precision", "int3")).toMatchObject({ code: 2 });
    expect((await run("--help")).code).toBe(0);
  });

  test("says what differs and what no file says", async () => {
    const directory = await temporary();
    await cp(golden("smolvlm2"), directory, { recursive: true });
    await writeFile(join(directory, "generation_config.json"), JSON.stringify({ num_beams: 4 }));
    const { differences } = await inspectModel(directory);
    expect(differences.join("\n")).toMatch(/no file has a chat template/);
    expect(differences.join("\n")).toMatch(/num_beams 4, which is not computed/);
  });
});

test("of a model of the hub, only small files and the heads of the weights are fetched", async () => {
  const hub = await startHub();
  try {
    const names = await readdir(golden("qwen2.5-vl"));
    const files = new Map<string, Uint8Array>();
    for (const name of names) files.set(name, await readFile(join(golden("qwen2.5-vl"), name)));
    const commit = "89abcdef0123456789abcdef0123456789abcdef";
    hub.models.set("a/b", { commit, files });
    const hubCacheDirectory = await temporary();
    const report = await inspectModel("a/b", { endpoint: hub.endpoint, hubCacheDirectory });
    expect(report).toMatchObject({ commit, family: "qwen2.5-vl", storedAs: "BF16" });
    expect(await readdir(report.directory)).not.toContain("model.safetensors");
    const { code, err } = await run("doctor", "a/b", "--offline");
    expect([code, err.includes("HF_HUB_OFFLINE")]).toEqual([1, true]);
  } finally {
    await hub.close();
  }
});
