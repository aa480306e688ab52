import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { formatJsonlLine, parseJsonl, RecordError } from "../index.js";
import { openJsonlAppender, readJsonl, writeJsonl } from "../node.js";

const collect = async <T>(stream: AsyncIterable<T>): Promise<T[]> => {
  const values: T[] = [];
  for await (const value of stream) values.push(value);
  return values;
};

describe("parseJsonl", () => {
  it("gives back what was written, wherever the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { maxLength: 6 }),
        fc.integer({ min: 1, max: 7 }),
        async (values, size) => {
          const bytes = new TextEncoder().encode(values.map(formatJsonlLine).join(""));
          const chunks: Uint8Array[] = [];
          for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
          const stream = parseJsonl(chunks);
          expect(await collect(stream)).toEqual(JSON.parse(JSON.stringify(values)));
          expect(stream.lines).toBe(values.length);
        },
      ),
    );
  });

  it("passes over blank lines, a byte-order mark and carriage returns", async () => {
    expect(await collect(parseJsonl(['\uFEFF{"a":1}\r\n\r\n  \n2']))).toEqual([{ a: 1 }, 2]);
  });

  it("names the line of the first bad one", async () => {
    await expect(collect(parseJsonl(["1\n\n{\n"]))).rejects.toMatchObject({ code: "invalid-json", line: 3 });
    const schema = z.strictObject({ a: z.object({ b: z.number() }) });
    await expect(collect(parseJsonl(['{"a":{"b":"x"}}'], { schema }))).rejects.toThrow(/line 1: a\.b: /);
  });

  it("skips, counts and reports when asked, and goes on", async () => {
    const skipped: RecordError[] = [];
    const stream = parseJsonl(["{\n", "5", "\n", '"', "x".repeat(50), '"\n7'], {
      schema: z.number(),
      onError: "skip",
      onSkip: (error) => skipped.push(error),
      maxLineLength: 20,
    });
    expect(await collect(stream)).toEqual([5, 7]);
    expect(stream.skipped).toBe(2);
    expect(skipped.map(({ code, line }) => [code, line])).toEqual([
      ["invalid-json", 1],
      ["line-too-long", 3],
    ]);
  });

  it("stops at a signal", async () => {
    await expect(collect(parseJsonl(["1\n2"], { signal: AbortSignal.abort() }))).rejects.toThrow(/abort/i);
  });

  it("refuses to write what JSON cannot hold", () => {
    expect(() => formatJsonlLine(undefined)).toThrow(RecordError);
  });
});

describe("files", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "safety-data-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it("writes a whole file and reads it back, stopping early without leaving it open", async () => {
    const path = join(directory, "a.jsonl");
    const values = Array.from({ length: 5000 }, (_, i) => ({ i, text: "x".repeat(i % 300) }));
    expect(await writeJsonl(path, values)).toBe(5000);
    expect(await collect(readJsonl(path))).toEqual(values);
    for await (const value of readJsonl(path)) {
      expect(value).toEqual(values[0]);
      break;
    }
  });

  it("leaves the old file and no temporary one when writing fails", async () => {
    const path = join(directory, "b.jsonl");
    await writeJsonl(path, [1]);
    await expect(writeJsonl(path, [2, undefined])).rejects.toThrow(RecordError);
    expect(await readFile(path, "utf8")).toBe("1\n");
    expect((await readdir(directory)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("rejects for a file that is not there", async () => {
    await expect(collect(readJsonl(join(directory, "none")))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("cuts a torn last line off and completes a whole one", async () => {
    const path = join(directory, "c.jsonl");
    await writeFile(path, '{"a":1}\n{"a":');
    let appender = await openJsonlAppender(path);
    expect(appender.repairedBytes).toBe(5);
    await Promise.all([appender.append([{ a: 2 }]), appender.append([{ a: 3 }, { a: 4 }])]);
    await appender.close();
    await expect(appender.append([1])).rejects.toThrow(/open the file again/);
    await appendFile(path, '{"a":5}');
    appender = await openJsonlAppender(path, { sync: false });
    expect(appender.repairedBytes).toBe(0);
    await appender.append([{ a: 6 }]);
    await appender.close();
    expect(await collect(readJsonl(path))).toEqual([1, 2, 3, 4, 5, 6].map((a) => ({ a })));
  });

  it("keeps every acknowledged record through kill -9", async () => {
    const path = join(directory, "d.jsonl");
    const script = `
      import { openJsonlAppender } from ${JSON.stringify(new URL("../node.ts", import.meta.url).href)};
      const appender = await openJsonlAppender(${JSON.stringify(path)});
      for (let i = Number(process.argv[2]); ; i++) {
        await appender.append([{ i, text: "x".repeat(20000) }]);
        process.stdout.write(i + "\\n");
      }`;
    const file = join(directory, "writer.mts");
    await writeFile(file, script);
    let next = 0;
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, ["--import", "tsx", file, String(next)], {
        stdio: ["ignore", "pipe", "inherit"],
        cwd: new URL("../../../..", import.meta.url),
      });
      let output = "";
      child.stdout.on("data", (data) => {
        output += data;
        if (output.split("\n").length > 20) child.kill("SIGKILL");
      });
      await once(child, "close");
      const acknowledged = Number(output.trimEnd().split("\n").at(-1));
      const repair = await openJsonlAppender(path);
      await repair.close();
      const seen = (await collect(readJsonl(path, { schema: z.object({ i: z.number(), text: z.string() }) }))).map(
        ({ i }) => i,
      );
      expect(seen).toEqual(seen.map((_, index) => index));
      expect(seen.length).toBeGreaterThan(acknowledged);
      next = seen.length;
    }
  }, 120_000);
});
