import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** A file that nobody wrote to for this long is abandoned, even if some process now has its writer's id. */
const ABANDONED_MILLISECONDS = 60 * 60 * 1000;
const TEMPORARY = /^\.(.+)\.(\d+)-[0-9a-z]+\.tmp$/;

/** A name beside `path` for a file that is not complete yet; `putInPlace` makes it the file. */
export function temporaryFor(path: string): string {
  const random = Math.floor(Math.random() * 2 ** 32).toString(36);
  return join(dirname(path), `.${basename(path)}.${process.pid}-${random}.tmp`);
}

/** Renames a complete, flushed file into place, and flushes the directory: after a power cut the new name is there too. */
export async function putInPlace(temporary: string, path: string): Promise<void> {
  await rename(temporary, path);
  await flushDirectory(dirname(path));
}

/**
 * Removes temporary files that killed processes left in a directory, for targets whose name fits. Files that a living process
 * writes stay.
 */
export async function removeAbandoned(directory: string, isTarget: (name: string) => boolean): Promise<void> {
  await removeAmong(await readdir(directory), directory, isTarget);
}

/** The same for the one file that is written next. Of many small files into a large directory, not each reads it again. */
export async function removeAbandonedOf(path: string): Promise<void> {
  const directory = dirname(path);
  const now = performance.now();
  if (listed.directory !== directory || now - listed.at > LISTED_MILLISECONDS)
    listed = { directory, at: now, names: (await readdir(directory)).filter((name) => TEMPORARY.test(name)) };
  await removeAmong(listed.names, directory, (name) => name === basename(path));
}

const LISTED_MILLISECONDS = 250;
let listed: { readonly directory: string; readonly at: number; readonly names: readonly string[] } = {
  directory: "",
  at: 0,
  names: [],
};

async function removeAmong(
  names: readonly string[],
  directory: string,
  isTarget: (name: string) => boolean,
): Promise<void> {
  for (const name of names) {
    const [, target, pid] = TEMPORARY.exec(name) ?? [];
    if (target === undefined || !isTarget(target)) continue;
    const path = join(directory, name);
    // In a container the next process often has the same id: then the file is older than this process.
    const limit = Number(pid) === process.pid ? process.uptime() * 1000 : ABANDONED_MILLISECONDS;
    if (!isAlive(Number(pid)) || (await ageMilliseconds(path)) > limit) await rm(path, { force: true });
  }
}

/** Flushes renames to disk where the platform lets a directory be opened. */
export async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

const ageMilliseconds = async (path: string): Promise<number> => {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? 0 : Date.now() - found.mtimeMs;
};
