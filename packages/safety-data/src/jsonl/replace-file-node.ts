import { type FileHandle, open, readdir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

/** A file that nobody wrote to for this long is abandoned, even if a living process has its writer's id, or it lies on a shared disk. */
const ABANDONED_MS = 60 * 60 * 1000;
const HOST = hostname().replaceAll(/[^A-Za-z0-9_-]/g, "_");
/** Files that this process is writing. */
const writing = new Set<string>();
/** Targets whose left-over files this process has looked for: a process that is killed leaves what its successor finds at its first write. */
const tidied = new Set<string>();

/**
 * Writes a file whole or not at all: beside its place, flushed to the disk, then renamed over it. Killed at any moment, the old file or the
 * new one is there; what a killed process left beside it is removed by the next one's first write.
 *
 * @param content the text or bytes, or what writes them into the open file
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array | ((file: FileHandle) => Promise<void>),
): Promise<void> {
  if (!tidied.has(path)) await removeAbandoned(path);
  tidied.add(path);
  const random = Math.floor(Math.random() * 2 ** 32).toString(36);
  const temporary = join(dirname(path), `.${basename(path)}.${HOST}.${process.pid}.${random}.tmp`);
  writing.add(temporary);
  try {
    const file = await open(temporary, "wx");
    try {
      if (typeof content === "function") await content(file);
      else await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await renameOver(temporary, path);
    await flushDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    writing.delete(temporary);
  }
}

/** On Windows a file cannot be replaced for as long as another program, often a virus scanner, holds it open: a few more tries. */
async function renameOver(temporary: string, path: string): Promise<void> {
  for (let waited = 10; ; waited *= 2)
    try {
      return await rename(temporary, path);
    } catch (error) {
      const held = ["EPERM", "EACCES", "EBUSY"].includes((error as NodeJS.ErrnoException).code ?? "");
      if (process.platform !== "win32" || !held || waited > 1000) throw error;
      await new Promise((resolve) => setTimeout(resolve, waited));
    }
}

async function removeAbandoned(path: string): Promise<void> {
  const [folder, start] = [dirname(path), `.${basename(path)}.`];
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(start)) continue;
    const [, host, pid] = /^([\w-]*)\.(\d+)\.[0-9a-z]+\.tmp$/.exec(name.slice(start.length)) ?? [];
    const file = join(folder, name);
    if (host === undefined || writing.has(file)) continue;
    if ((host === HOST && !isAlive(Number(pid))) || (await ageMilliseconds(file)) > ABANDONED_MS)
      await rm(file, { force: true });
  }
}

/** Whether another process has the id. This one's own files are in `writing`; in a container its predecessor often had its id. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

const ageMilliseconds = async (path: string): Promise<number> =>
  stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );

/** After a power cut a new name is there only if its folder was flushed; not every platform lets a folder be opened. */
async function flushDirectory(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
