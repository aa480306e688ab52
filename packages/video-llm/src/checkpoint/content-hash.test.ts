import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectories } from "../../test/tiny.js";
import { contentHashes } from "./content-hash-node.js";

const temporary = temporaryDirectories();

test("converted weights are found by the bytes of their sources, which are read once", async () => {
  const root = await temporary();
  const directory = join(root, "hashed");
  const [a, b] = [join(root, "a.bin"), join(root, "b.bin")];
  writeFileSync(a, "weights");
  writeFileSync(b, "weights");
  const fresh = await contentHashes([a, b], directory);
  expect(fresh[0]).toBe(fresh[1]);
  expect(existsSync(join(directory, "sources.json"))).toBe(false); // too young to be trusted without reading
  await new Promise((resolve) => setTimeout(resolve, 2100));
  expect(await contentHashes([a, b], directory)).toEqual(fresh);
  const ledger = JSON.parse(readFileSync(join(directory, "sources.json"), "utf8"));
  expect(Object.keys(ledger)).toHaveLength(2);
  const { atime, mtime } = statSync(b);
  writeFileSync(b, "weighty");
  utimesSync(b, atime, mtime);
  const [same, other] = await contentHashes([a, b], directory);
  expect(same).toBe(fresh[0]);
  expect(other).not.toBe(fresh[1]);
  writeFileSync(join(directory, "sources.json"), "{damaged");
  expect(await contentHashes([a], directory)).toEqual([same]);
});
