import fs from "node:fs";
import { open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { vi } from "vitest";

/** A disk of this process that fills up. */
export interface SmallDisk {
  /** Makes room again, for good. */
  free(): void;
}

/**
 * From now on this process can write so many bytes to files, whatever writes them: then every call fails as the system's own do on a full disk
 * (ENOSPC). File systems of a chosen size need rights that tests have not; the calls that reach the system are the same here.
 *
 * @param scratch folder for a file of this function's own
 */
export async function smallDisk(scratch: string, bytes: number): Promise<SmallDisk> {
  let written = 0;
  let full = true;
  const take = (size: number): void => {
    if (full && written + size > bytes)
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), {
        ...{ errno: -28, code: "ENOSPC", syscall: "write" },
      });
    written += size;
  };
  const sizeOf = (data: unknown): number =>
    typeof data === "string"
      ? Buffer.byteLength(data)
      : Array.isArray(data)
        ? data.reduce((sum: number, part) => sum + sizeOf(part), 0)
        : ((data as Uint8Array).byteLength ?? 0);
  const handle = await open(`${scratch}/handle`, "w");
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const spies = (["write", "writev", "writeFile", "appendFile"] as const).map((name) => {
    const original = prototype[name];
    return vi.spyOn(prototype, name).mockImplementation(async function (this: unknown, ...args: unknown[]) {
      take(sizeOf(args[0]));
      return original.apply(this, args);
    });
  });
  const { writeFileSync } = fs;
  const { writeFile, appendFile } = fs.promises;
  const sync = vi.spyOn(fs, "writeFileSync").mockImplementation((path, data, options) => {
    take(sizeOf(data));
    writeFileSync(path, data, options);
  });
  const whole = vi.spyOn(fs.promises, "writeFile").mockImplementation(async (path, data, options) => {
    take(sizeOf(data));
    await writeFile(path, data, options);
  });
  const added = vi.spyOn(fs.promises, "appendFile").mockImplementation(async (path, data, options) => {
    take(sizeOf(data));
    await appendFile(path, data, options);
  });
  syncBuiltinESMExports();
  return {
    free() {
      full = false;
      for (const spy of [...spies, sync, whole, added]) spy.mockRestore();
      syncBuiltinESMExports();
    },
  };
}
