import { mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VideoLlm } from "@videosafety/video-llm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rawVideo } from "../../test/raw-video.js";
import { tinyModel } from "../../test/tiny-model.js";
import { FeatureStore, type FeatureStoreOptions } from "./feature-store-node.js";

let folder: string;
let model: VideoLlm;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "features-"));
  model = tinyModel("videollama3");
  for (const [i, name] of ["a", "b", "c"].entries())
    await writeFile(join(folder, `${name}.y4m`), rawVideo(3, 56, 40 + 30 * i));
});
afterAll(() => rm(folder, { recursive: true }));

const clip = (name: string) => ({ kind: "video", path: join(folder, `${name}.y4m`) }) as const;
const open = (directory: string, maxBytes = 1e9, more: Partial<FeatureStoreOptions> = {}) =>
  FeatureStore.open(model, {
    frames: { maxFrames: 3 },
    disk: { directory: join(folder, directory), maxBytes },
    ...more,
  });
const embeddings = async (store: FeatureStore, name: string) =>
  store.model.visualEmbeddings(await store.ofFile(clip(name)));

describe("a feature store", () => {
  test("encodes once per content: other names, other processes and other queries find the same bits", async () => {
    const first = await open("once");
    const made = await embeddings(first, "a");
    expect(await embeddings(first, "a")).toEqual(made);
    await writeFile(join(folder, "copy.y4m"), rawVideo(3, 56, 40));
    await embeddings(first, "copy");
    expect(first.counts).toEqual({ memory: 2, disk: 0, encoded: 1 });
    await first.close();
    const second = await open("once");
    expect(await embeddings(second, "a")).toEqual(made);
    expect(second.counts).toEqual({ memory: 0, disk: 1, encoded: 0 });
  });

  test("other frames, an exchanged file and another vision encoder are other features", async () => {
    await embeddings(await open("other"), "a");
    const fewer = await open("other", 1e9, { frames: { maxFrames: 2 } });
    await embeddings(fewer, "a");
    expect(fewer.counts.encoded).toBe(1);
    const trained = tinyModel("videollama3");
    const [weights] = [...trained.trainableParameters(["projector"]).values()];
    if (weights !== undefined) weights.data[0] = 9;
    trained.parametersChanged();
    const other = await FeatureStore.open(trained, {
      frames: { maxFrames: 3 },
      disk: { directory: join(folder, "other"), maxBytes: 1e9 },
    });
    await other.ofFile(clip("a"));
    expect(other.counts.encoded).toBe(1);
  });

  test("the bound holds: what earlier processes used longest ago goes first, what this one uses stays", async () => {
    const one = await open("bound");
    for (const name of ["a", "b"]) await embeddings(one, name);
    const directory = join(folder, "bound");
    const files = await readdir(directory);
    const { size } = await stat(join(directory, files[0] as string));
    const old = new Date(Date.now() - 1e6);
    for (const name of files) await utimes(join(directory, name), old, old);
    const two = await open("bound", 2.5 * size);
    await embeddings(two, "b");
    await embeddings(two, "c");
    expect([(await readdir(directory)).length, two.disk?.problem]).toEqual([2, null]);
    const full = await open("bound", 10);
    await embeddings(full, "a");
    expect(full.disk?.problem).toMatch(/maxBytes/);
    const three = await open("bound");
    for (const name of ["b", "c"]) await embeddings(three, name);
    expect(three.counts).toMatchObject({ disk: 2 });
  });

  test("a damaged file, a folder that is none and a memory bound cost time, not results", async () => {
    const made = await embeddings(await open("damaged"), "a");
    const directory = join(folder, "damaged");
    const [file] = await readdir(directory);
    await truncate(join(directory, file as string), 100);
    const again = await open("damaged", 1e9, { memoryBytes: 1 });
    expect(await embeddings(again, "a")).toEqual(made);
    expect(again.counts.encoded).toBe(1);
    await embeddings(again, "b");
    expect(await embeddings(again, "a")).toEqual(made);
    expect(again.counts).toEqual({ memory: 0, disk: 1, encoded: 2 });
    for (const name of await readdir(directory)) {
      const bytes = await readFile(join(directory, name));
      bytes.fill(0, bytes.length - 8); // as a power cut may leave it
      await writeFile(join(directory, name), bytes);
    }
    const later = await open("damaged");
    expect(await embeddings(later, "a")).toEqual(made);
    expect(later.counts).toMatchObject({ disk: 0, encoded: 1 });
    await writeFile(join(folder, "no-folder"), "");
    const nowhere = await open("no-folder");
    expect(await embeddings(nowhere, "a")).toEqual(made);
    expect(nowhere.disk?.problem).toMatch(/no-folder/);
  });

  test("a file that cannot be read is not remembered", async () => {
    const store = await open("broken");
    await writeFile(join(folder, "late.y4m"), "no video");
    await expect(store.ofFile(clip("late"))).rejects.toThrow();
    await writeFile(join(folder, "late.y4m"), rawVideo(3, 56, 50));
    await expect(store.ofFile(clip("late"))).resolves.toBeDefined();
  });
});
