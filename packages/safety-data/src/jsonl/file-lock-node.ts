import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { link, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { promisify } from "node:util";
import { FileLockError } from "../errors.js";

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process started, as the system tells it; null where it does not. Process ids are used again. */
  readonly started?: string | null;
}

/** Locks of this process. After a restart in a container, a dead run's process id can be this one's. */
const held = new Set<string>();
/** A lock is written whole before it gets its name, so one without a holder is left over from a full disk. */
const UNREADABLE_MS = 10_000;

/** The start of a process: boot and clock ticks on Linux, `ps` elsewhere; null when there is none or it is not told. */
async function processStart(pid: number): Promise<string | null> {
  try {
    if (process.platform === "linux") {
      const [boot, line] = await Promise.all([
        readFile("/proc/sys/kernel/random/boot_id", "utf8"),
        readFile(`/proc/${pid}/stat`, "utf8"),
      ]);
      // Field 22, counted after the name in brackets, which may hold blanks.
      return `${boot.trim()} ${line.slice(line.lastIndexOf(")") + 2).split(" ")[19]}`;
    }
    if (process.platform === "win32") return null;
    const { stdout } = await promisify(execFile)("ps", ["-o", "lstart=", "-p", `${pid}`]);
    return stdout.trim() || null;
  } catch {
    return null;
  }
}

async function isAlive({ pid, host, started }: Holder, path: string): Promise<boolean> {
  if (host !== hostname()) return true;
  if (pid === process.pid) return held.has(path);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = await processStart(pid);
  return started === undefined || started === null || now === null || now === started;
}

/** The holder; "unreadable" for a file that names none, null for no file. */
async function readHolder(path: string): Promise<Holder | "unreadable" | null> {
  try {
    const holder = JSON.parse(await readFile(path, "utf8")) as Holder | null;
    return typeof holder?.pid === "number" && typeof holder.host === "string" ? holder : "unreadable";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? null : "unreadable";
  }
}

/** Writes the lock whole beside its place and gives it its name only if nobody has it. */
async function claim(path: string, holder: Holder): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, JSON.stringify(holder), { flag: "wx" });
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new FileLockError(
      "write-failed",
      `expected to write ${path}, found ${(error as Error).message}: make room, or choose a folder that can be written`,
      { cause: error },
    );
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

/** Whether a lock still keeps others out. */
async function stillHeld(path: string, other: Holder | "unreadable"): Promise<boolean> {
  if (other !== "unreadable") return isAlive(other, path);
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  return age < UNREADABLE_MS;
}

/**
 * Takes an exclusive lock file that names its process and when it started; a lock of a dead process of this machine, or of one
 * whose id another process got, is taken over, and so is one that a full disk left empty.
 *
 * @returns a function that releases the lock.
 * @throws FileLockError `locked` while another live process, or one of another machine, holds it;
 *   `write-failed` when the folder takes no file.
 */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  const holder: Holder = { pid: process.pid, host: hostname(), started: await processStart(process.pid) };
  for (let attempt = 0; ; attempt++) {
    if (await claim(path, holder)) {
      held.add(path);
      return async () => {
        held.delete(path);
        await unlink(path).catch(() => undefined);
      };
    }
    const other = await readHolder(path);
    if (other === null) continue;
    if ((await stillHeld(path, other)) || attempt >= 20) {
      const who = other === "unreadable" ? "an unreadable lock" : `process ${other.pid} on ${other.host}`;
      throw new FileLockError(
        "locked",
        `expected no other run on this folder, found ${who} in ${path}: wait for it, or delete the file if it is gone`,
      );
    }
    const aside = `${path}.${randomUUID()}`;
    await rename(path, aside).catch(() => undefined);
    const moved = await readHolder(aside);
    // Another process may have taken the dead lock over since it was read: give it back.
    const same = JSON.stringify(moved) === JSON.stringify(other);
    if (moved !== null && !same) await link(aside, path).catch(() => undefined);
    await unlink(aside).catch(() => undefined);
  }
}
