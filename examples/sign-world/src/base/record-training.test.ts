import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { shipCheckpoint } from "./record-training-node.js";

test("a checkpoint takes another's place when it is told to, and nothing is removed before there is one to put there", () => {
  const folder = mkdtempSync(join(tmpdir(), "ship-"));
  const [from, to] = [join(folder, "from"), join(folder, "to")];
  const write = (place: string, files: Readonly<Record<string, string>>): void => {
    mkdirSync(place, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text);
  };
  write(to, { "model.safetensors": "old", "old.json": "{}" });
  expect(() => shipCheckpoint(from, to, true)).toThrow(/expected a trained base with model.safetensors/);
  write(from, { "model.safetensors": "new" });
  expect(() => shipCheckpoint(from, to, true)).toThrow(/with training.json/);
  write(from, { "training.json": "{}" });
  expect(() => shipCheckpoint(from, to, false)).toThrow(/already holds a checkpoint/);
  expect(readdirSync(to)).toEqual(["model.safetensors", "old.json"]);
  shipCheckpoint(from, to, true);
  expect(readdirSync(to)).toEqual(["model.safetensors", "training.json"]);
  expect(readFileSync(join(to, "model.safetensors"), "utf8")).toBe("new");

  const other = join(folder, "other");
  write(other, { "notes.txt": "mine" });
  shipCheckpoint(from, other, false);
  expect(readdirSync(other)).toEqual(["model.safetensors", "notes.txt", "training.json"]);
});
