import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeJsonl } from "./jsonl-node.js";
import { replaceFile } from "./replace-file-node.js";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "replace-file-"));
});
afterAll(() => rm(directory, { recursive: true }));

test("after kill -9 the old file is there, and the next write leaves no other beside the new one", async () => {
  const path = join(directory, "records.jsonl");
  await writeFile(path, "old\n");
  const script = join(directory, "writer.mts");
  await writeFile(
    script,
    `import { writeJsonl } from ${JSON.stringify(new URL("../node.ts", import.meta.url).href)};
     async function* endless() {
       for (let i = 0; ; i++) {
         if (i === 1000) process.stdout.write("writing\\n");
         yield { i, text: "x".repeat(1000) };
       }
     }
     await writeJsonl(${JSON.stringify(path)}, endless());`,
  );
  const child = spawn(process.execPath, ["--import", "tsx", script], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: new URL("../../../..", import.meta.url),
  });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "close");
  expect(await readFile(path, "utf8")).toBe("old\n");
  expect((await readdir(directory)).filter((name) => name.endsWith(".tmp"))).toHaveLength(1);
  await writeJsonl(path, [1]);
  expect(await readFile(path, "utf8")).toBe("1\n");
  expect((await readdir(directory)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
}, 60_000);

test("files of living writers, of other machines and of other targets stay; old ones of any machine go", async () => {
  const path = join(directory, "state.json");
  const host = hostname().replaceAll(/[^A-Za-z0-9_-]/g, "_");
  const stay = [
    `.state.json.${host}.${process.ppid}.a1.tmp`,
    ".state.json.elsewhere.1.a1.tmp",
    `.state.json.bak.${host}.999999999.a1.tmp`,
    ".state.json.notes.tmp",
  ];
  const old = `.state.json.elsewhere.2.a1.tmp`;
  for (const name of [...stay, old, `.state.json.${host}.999999999.a1.tmp`]) await writeFile(join(directory, name), "");
  await utimes(join(directory, old), 1, 1);
  await replaceFile(path, "{}");
  expect((await readdir(directory)).filter((name) => name.startsWith(".state")).sort()).toEqual(stay.sort());
});

test("writers of one file at a time end with the file of one of them, whole", async () => {
  const path = join(directory, "many.txt");
  const texts = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(10_000 + i));
  await Promise.all(texts.map((text) => replaceFile(path, text)));
  expect(texts).toContain(await readFile(path, "utf8"));
  expect((await readdir(directory)).filter((name) => name.startsWith(".many"))).toEqual([]);
});
