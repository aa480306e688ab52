import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "@videosafety/safety-data/node";
import { z } from "zod";

/** A file that changed less than this long before it was read may change again without a new time. */
const SETTLED_MS = 2000;
const LEDGER = "sources.json";
const ledgerSchema = z.record(z.string(), z.object({ stamp: z.string(), sha256: z.string() }));

/** SHA-256 of files, remembered: see {@link openContentLedger}. */
export interface ContentLedger {
  /** SHA-256 of a file's bytes, lower-case hexadecimal. @throws Node's own error for a file that cannot be read */
  hash(file: string): Promise<string>;
  /** Writes what was learnt; a directory that cannot be written costs the reading only. */
  save(): Promise<void>;
}

/**
 * Hashes of files' bytes, remembered between processes. A file whose size, times and inode are those of an earlier call is not read
 * again: the times include that of the last change of the inode, which no program can set.
 *
 * @param cacheDirectory where the hashes are kept, in `sources.json`
 */
export async function openContentLedger(cacheDirectory: string): Promise<ContentLedger> {
  const path = join(cacheDirectory, LEDGER);
  const ledger = await readLedger(path);
  let grown = false;
  return {
    async hash(file) {
      const real = await realpath(file);
      const { size, mtimeNs, ctimeNs, ino, ctimeMs } = await stat(real, { bigint: true });
      const stamp = [size, mtimeNs, ctimeNs, ino].join("-");
      const known = ledger[real];
      if (known?.stamp === stamp) return known.sha256;
      const settled = Date.now() - Number(ctimeMs) > SETTLED_MS;
      const sha256 = await hashOf(real);
      if (settled) {
        ledger[real] = { stamp, sha256 };
        grown = true;
      }
      return sha256;
    },
    async save() {
      if (!grown) return;
      grown = false;
      const written = async (): Promise<void> => {
        await mkdir(cacheDirectory, { recursive: true });
        await replaceFile(path, `${JSON.stringify(ledger)}\n`);
      };
      await written().catch(() => {}); // converting tells of a directory that cannot be written
    },
  };
}

/** SHA-256 of files' bytes, in order, remembered in a directory: see {@link openContentLedger}. */
export async function contentHashes(files: readonly string[], cacheDirectory: string): Promise<string[]> {
  const ledger = await openContentLedger(cacheDirectory);
  const hashes: string[] = [];
  for (const file of files) hashes.push(await ledger.hash(file));
  await ledger.save();
  return hashes;
}

async function readLedger(path: string): Promise<z.output<typeof ledgerSchema>> {
  try {
    return ledgerSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return {}; // absent or damaged: the files are read again
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 22 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
