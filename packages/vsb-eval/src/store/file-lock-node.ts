import { randomUUID } from "node:crypto";
import { link, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { VsbEvalError } from "../errors.js";

interface Holder {
  readonly pid: number;
  readonly host: string;
}

/** Locks of this process. After a restart in a container, a dead run's process id can be this one's. */
const held = new Set<string>();

function isAlive({ pid, host }: Holder, path: string): boolean {
  if (host !== hostname()) return true;
  if (pid === process.pid) return held.has(path);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function readHolder(path: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Holder;
  } catch {
    return null;
  }
}

/**
 * Takes an exclusive lock file that names its process; a lock left by a dead process of this machine is taken over.
 *
 * @returns a function that releases the lock.
 * @throws {VsbEvalError} `store_locked` while another live process, or one of another machine, holds it.
 */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  const holder: Holder = { pid: process.pid, host: hostname() };
  for (let attempt = 0; ; attempt++) {
    try {
      await writeFile(path, JSON.stringify(holder), { flag: "wx" });
      held.add(path);
      return async () => {
        held.delete(path);
        await unlink(path).catch(() => undefined);
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const other = await readHolder(path);
    if ((other !== null && isAlive(other, path)) || attempt >= 20) {
      const who = other === null ? "an unreadable lock" : `process ${other.pid} on ${other.host}`;
      throw new VsbEvalError(
        "store_locked",
        `expected no other run on this folder, found ${who} in ${path}: wait for it, or delete the file if it is gone`,
      );
    }
    if (other === null) {
      // Being written at this moment, or torn by a crash: look again, and give up after 20 looks.
      await new Promise((resolve) => setTimeout(resolve, 10));
      continue;
    }
    const aside = `${path}.${randomUUID()}`;
    await rename(path, aside).catch(() => undefined);
    const moved = await readHolder(aside);
    // Another process may have taken the dead lock over since it was read: give it back.
    if (moved !== null && moved.pid !== other.pid) await link(aside, path).catch(() => undefined);
    await unlink(aside).catch(() => undefined);
  }
}
