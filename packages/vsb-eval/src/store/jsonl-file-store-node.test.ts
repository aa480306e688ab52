import { appendFile, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ResponseRecord } from "../run/records/outcome.js";
import { JsonlFileStore, RECORDS_FILE, readStore } from "./jsonl-file-store-node.js";

const record = (key: string, text = "hello"): ResponseRecord => ({
  kind: "response",
  key,
  outcome: "answered",
  text,
  frames: 0,
});

describe("JsonlFileStore", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "vsb-store-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it("keeps what was appended, also from many writers at once", async () => {
    const store = await JsonlFileStore.open(directory);
    await Promise.all(Array.from({ length: 200 }, (_, i) => store.append([record(`k${i}`, `línea\n${i}`)])));
    await store.close();
    const again = await JsonlFileStore.open(directory);
    expect(again.response("k7")).toEqual(record("k7", "línea\n7"));
    expect(again.response("k199")?.text).toBe("línea\n199");
    await again.close();
  });

  it("cuts off a torn last line and goes on from there", async () => {
    const store = await JsonlFileStore.open(directory);
    await store.append([record("a")]);
    await store.close();
    await appendFile(join(directory, RECORDS_FILE), '{"kind":"response","key":"b","outc');
    const again = await JsonlFileStore.open(directory);
    expect(again.response("b")).toBeUndefined();
    await again.append([record("c")]);
    await again.close();
    expect((await readFile(join(directory, RECORDS_FILE), "utf8")).trim().split("\n")).toHaveLength(2);
  });

  it("refuses a file that is broken before its last line, naming the line", async () => {
    await writeFile(
      join(directory, RECORDS_FILE),
      `${JSON.stringify(record("a"))}\nnonsense\n${JSON.stringify(record("b"))}\n`,
    );
    await expect(JsonlFileStore.open(directory)).rejects.toMatchObject({
      code: "store_corrupt",
      message: expect.stringContaining(`${RECORDS_FILE}:2`),
    });
    // The lock was released.
    await expect(JsonlFileStore.open(directory)).rejects.toMatchObject({ code: "store_corrupt" });
  });

  it("lets only one run in, and takes over the lock of a dead process", async () => {
    const store = await JsonlFileStore.open(directory);
    await expect(JsonlFileStore.open(directory)).rejects.toMatchObject({ code: "store_locked" });
    await store.close();
    await writeFile(join(directory, "lock"), JSON.stringify({ pid: 2 ** 22 + 12345, host: hostname() }));
    await (await JsonlFileStore.open(directory)).close();
    // A container that restarts gives a new run the dead one's process id.
    await writeFile(join(directory, "lock"), JSON.stringify({ pid: process.pid, host: hostname() }));
    await (await JsonlFileStore.open(directory)).close();
    await writeFile(join(directory, "lock"), JSON.stringify({ pid: 1, host: "another machine" }));
    await expect(JsonlFileStore.open(directory)).rejects.toMatchObject({ code: "store_locked" });
  });

  it("takes over a lock that a full disk left empty, and one whose process id another process got", async () => {
    const lock = join(directory, "lock");
    await writeFile(lock, "");
    await expect(JsonlFileStore.open(directory)).rejects.toMatchObject({ code: "store_locked" });
    await utimes(lock, new Date(0), new Date(0));
    await (await JsonlFileStore.open(directory)).close();
    // A live process: whoever started this one.
    const live = (started: unknown) =>
      writeFile(lock, JSON.stringify({ pid: process.ppid, host: hostname(), started }));
    // Windows does not tell when a process started.
    const told = process.platform !== "win32";
    await live("another boot 1");
    if (told) await (await JsonlFileStore.open(directory)).close();
    await live(null);
    await expect(JsonlFileStore.open(directory)).rejects.toMatchObject({ code: "store_locked" });
    const store = await JsonlFileStore.open(join(directory, "own"));
    const { started } = JSON.parse(await readFile(join(directory, "own", "lock"), "utf8"));
    expect(started).toEqual(told ? expect.any(String) : null);
    await store.close();
    expect(await readdir(join(directory, "own"))).toEqual([RECORDS_FILE]);
  });

  it("is read without a lock and without its torn end, but not past a broken line", async () => {
    const store = await JsonlFileStore.open(directory);
    await store.append([record("a")]);
    await appendFile(join(directory, RECORDS_FILE), '{"kind":"response","key":"b","outc');
    expect([...(await readStore(directory)).all()]).toEqual([record("a")]);
    await appendFile(join(directory, RECORDS_FILE), `\n${JSON.stringify(record("c"))}\n`);
    await expect(readStore(directory)).rejects.toMatchObject({ code: "store_corrupt" });
    await expect(readStore(join(directory, "absent"))).rejects.toMatchObject({ code: "media_missing" });
    await store.close();
  });

  it("rejects every append after a failed write, as on a full disk", async () => {
    const store = await JsonlFileStore.open(directory);
    await store.append([record("fine")]);
    await store.close();
    await expect(store.append([record("late")])).rejects.toMatchObject({ code: "store_write_failed" });
    await expect(store.append([record("later")])).rejects.toMatchObject({ code: "store_write_failed" });
  });
});
