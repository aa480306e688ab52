import { mkdir, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSafetensors, writeShardedSafetensors } from "@videosafety/onnx-autodiff";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type HubServer, startHub } from "../../test/hub-server.js";
import { temporaryDirectories } from "../../test/tiny.js";
import { type DownloadProgress, downloadModel, loadAdapter, loadVideoLlm, resolveModel } from "../index.js";
import { hubSettings } from "./hub-settings-node.js";

const ID = "someone/Tiny-Qwen2-VL";
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const temporary = temporaryDirectories();
let hub: HubServer;
let cache: string;

async function filesOf(directory: string): Promise<Map<string, Uint8Array>> {
  const names = (await readdir(directory)).filter((name) => name !== "golden.json");
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))] as const)));
}
const golden = fileURLToPath(new URL("../../test/golden/qwen2-vl", import.meta.url));

beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub.close());
beforeEach(async () => {
  cache = await temporary();
  const files = await filesOf(golden);
  files.set("README.md", new TextEncoder().encode("not needed"));
  files.set("pytorch_model.bin", new Uint8Array(10));
  hub.models.clear();
  hub.models.set(ID, { commit: COMMIT, files });
  hub.requests.length = 0;
});
const options = () => ({ endpoint: hub.endpoint, hubCacheDirectory: cache });

describe("a model by its id", () => {
  test("loads, and lies in the cache as huggingface_hub has it", async () => {
    const seen: DownloadProgress[] = [];
    const model = await loadVideoLlm(ID, { ...options(), onProgress: (progress) => seen.push(progress) });
    const same = await loadVideoLlm(golden);
    for (const [name, { data }] of same.tensors) expect(model.tensors.get(name)?.data).toEqual(data);
    const folder = join(cache, "models--someone--Tiny-Qwen2-VL");
    expect(await readFile(join(folder, "refs/main"), "utf8")).toBe(COMMIT);
    const snapshot = join(folder, "snapshots", COMMIT);
    const files = await readdir(snapshot);
    expect(files).toContain("model.safetensors");
    expect(files).not.toContain("README.md");
    expect(files).not.toContain("pytorch_model.bin");
    expect(await readlink(join(snapshot, "model.safetensors"))).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/);
    expect(seen.at(-1)).toMatchObject({ bytes: seen.at(-1)?.total, file: "model.safetensors" });
    expect(seen.every(({ bytes, total, fileBytes, fileTotal }) => bytes <= total && fileBytes <= fileTotal)).toBe(true);
  });

  test("is not fetched twice, and needs no server when offline", async () => {
    await downloadModel(ID, options());
    const count = hub.requests.length;
    await downloadModel(ID, options());
    expect(hub.requests.slice(count).every((request) => request.includes("/api/"))).toBe(true);
    const before = hub.requests.length;
    const { directory, commit } = await resolveModel(ID, { ...options(), offline: true });
    expect([directory.endsWith(COMMIT), commit]).toEqual([true, COMMIT]);
    await downloadModel(ID, { ...options(), revision: COMMIT, offline: true });
    expect(hub.requests.length).toBe(before);
    await expect(loadVideoLlm("someone/else", { ...options(), offline: true })).rejects.toMatchObject({
      code: "hub-failed",
    });
  });

  test("goes on where it was interrupted, and checks what arrived", async () => {
    hub.breakAfter = { path: "model.safetensors", bytes: 50_000 };
    await expect(downloadModel(ID, options())).rejects.toMatchObject({ code: "hub-failed" });
    const blobs = join(cache, "models--someone--Tiny-Qwen2-VL/blobs");
    const [incomplete] = (await readdir(blobs)).filter((name) => name.endsWith(".incomplete"));
    const here = (await readFile(join(blobs, incomplete as string))).length;
    expect(here).toBeGreaterThan(0);
    hub.requests.length = 0;
    await downloadModel(ID, options());
    expect(hub.requests.some((request) => request.includes(`bytes=${here}-`))).toBe(true);
    await loadVideoLlm(ID, { ...options(), offline: true });

    await rm(cache, { recursive: true });
    await mkdir(blobs, { recursive: true });
    await writeFile(join(blobs, incomplete as string), "damaged beginning");
    await expect(downloadModel(ID, options())).rejects.toThrow(/arrived damaged/);
    await downloadModel(ID, options());
    await loadVideoLlm(ID, { ...options(), offline: true });
  });

  test("in shards: those that the index names", async () => {
    const directory = await temporary();
    const { tensors } = await readSafetensors(join(golden, "model.safetensors"));
    await writeShardedSafetensors(join(directory, "model.safetensors.index.json"), tensors, { maxShardBytes: 40_000 });
    const files = await filesOf(golden);
    files.delete("model.safetensors");
    for (const [name, data] of await filesOf(directory)) files.set(name, data);
    files.set("consolidated.safetensors", new Uint8Array(5));
    hub.models.set(ID, { commit: COMMIT, files });
    const model = await loadVideoLlm(ID, options());
    const same = await loadVideoLlm(golden);
    for (const [name, { data }] of same.tensors) expect(model.tensors.get(name)?.data).toEqual(data);
    expect(hub.requests.some((request) => request.includes("consolidated"))).toBe(false);
  });

  test("and an adapter by its id", async () => {
    const files = await filesOf(join(golden, "../adapters/qwen2-vl-patterns"));
    hub.models.set("someone/adapter", { commit: COMMIT, files });
    const model = await loadVideoLlm(golden);
    await loadAdapter(model, "someone/adapter", options());
    expect(model.lora?.useRslora).toBe(true);
    const again = await loadVideoLlm(golden);
    await loadAdapter(again, "someone/adapter", { ...options(), offline: true });
    expect(again.lora).toEqual(model.lora);
  });

  test("that is gated wants a token, and says where", async () => {
    const offered = hub.models.get(ID);
    if (offered === undefined) throw new Error("the model is offered");
    hub.models.set(ID, { ...offered, token: "hf_secret" });
    await expect(loadVideoLlm(ID, options())).rejects.toThrow(/HF_TOKEN.*someone\/Tiny-Qwen2-VL/);
    await expect(loadVideoLlm(ID, options())).rejects.toMatchObject({ code: "hub-failed", status: 401 });
    await loadVideoLlm(ID, { ...options(), token: "hf_secret" });
    await expect(loadVideoLlm(ID, { ...options(), token: "secret" })).rejects.toMatchObject({ code: "hub-failed" });
  });

  test("that is not there, has no safetensors, or a revision that is none", async () => {
    await expect(loadVideoLlm("someone/else", options())).rejects.toMatchObject({ code: "hub-failed", status: 404 });
    await expect(loadVideoLlm(ID, { ...options(), revision: "v9" })).rejects.toMatchObject({ status: 404 });
    for (const revision of ["../../x", "a/../b", "", "main?x"])
      await expect(loadVideoLlm(ID, { ...options(), revision })).rejects.toThrow(/branch, a tag or a commit/);
    const files = new Map([...(hub.models.get(ID)?.files ?? [])].filter(([name]) => !name.endsWith(".safetensors")));
    hub.models.set(ID, { commit: COMMIT, files });
    await expect(loadVideoLlm(ID, options())).rejects.toThrow(/pytorch_model\.bin, which can run code/);
    const closed = { ...options(), endpoint: "http://127.0.0.1:9" };
    await expect(loadVideoLlm(ID, closed)).rejects.toThrow(/check the network and HF_ENDPOINT/);
  });

  test("can be stopped", async () => {
    const controller = new AbortController();
    const stop = () => controller.abort(new Error("enough"));
    const download = downloadModel(ID, { ...options(), signal: controller.signal, onProgress: stop });
    await expect(download).rejects.toThrow("enough");
  });
});

test("what is neither a directory nor an id gets a sentence", async () => {
  for (const name of ["./nowhere", "/no/such/place", "nowhere", "a/b/c", "", "..", "https://huggingface.co/a/b"]) {
    if (name === "..") continue;
    await expect(loadVideoLlm(name, options())).rejects.toMatchObject({
      code: "missing-file",
      message: expect.stringMatching(/no such directory, and a hub id has the form owner\/name/),
    });
  }
  await expect(loadVideoLlm(join(golden, "config.json"), options())).rejects.toThrow(/this is a file/);
  expect(hub.requests).toEqual([]);
});

test("the environment is read as huggingface_hub reads it", async () => {
  const home = await temporary();
  expect(await hubSettings({}, { HF_HOME: home })).toEqual({
    revision: "main",
    endpoint: "https://huggingface.co",
    hubCacheDirectory: join(home, "hub"),
    offline: false,
  });
  await writeFile(join(home, "token"), "hf_stored\n");
  expect((await hubSettings({}, { HF_HOME: home })).token).toBe("hf_stored");
  const environment = {
    ...{ HF_HOME: home, HF_HUB_CACHE: "/c", HF_ENDPOINT: "http://mirror/", HF_TOKEN: "hf_x", HF_HUB_OFFLINE: "YES" },
  };
  expect(await hubSettings({}, environment)).toMatchObject({
    ...{ hubCacheDirectory: "/c", endpoint: "http://mirror", token: "hf_x", offline: true },
  });
  const asked = { token: "hf_y", endpoint: "http://e", hubCacheDirectory: "/d", offline: false, revision: "v1" };
  expect(await hubSettings(asked, environment)).toEqual(asked);
});
