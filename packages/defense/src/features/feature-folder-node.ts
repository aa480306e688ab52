import { createHash } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { StoredFeatures } from "@videosafety/video-llm";
import { readFeatures, writeFeatures } from "./feature-file-node.js";

/** Features on disk by key, within a bound. */
export class FeatureFolder {
  /** Why nothing more is kept, or null: the bound is reached by what this process uses, or the disk cannot be written. */
  problem: string | null = null;
  #bytes = 0;
  /** Files of earlier processes, oldest first: what may go. */
  #old: { readonly path: string; readonly bytes: number }[] = [];
  readonly #own = new Set<string>();

  private constructor(
    readonly directory: string,
    readonly maxBytes: number,
  ) {}

  /** Opens a folder, which is made when it is missing, and counts what it holds. */
  static async open(directory: string, maxBytes: number): Promise<FeatureFolder> {
    const folder = new FeatureFolder(directory, maxBytes);
    await folder.#count().catch((error: Error) => {
      folder.problem = `${directory} cannot be used: ${error.message}`;
    });
    return folder;
  }

  /** Bytes of all files of the folder. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Features by key; null when there are none. */
  async get(key: string): Promise<StoredFeatures | null> {
    const path = this.#path(key);
    const found = await readFeatures(path, key);
    if (found !== null) this.#own.add(path);
    return found;
  }

  /** Keeps features, and lets go of those that were used longest ago by earlier processes; a disk that is full ends the keeping, not the run. */
  async put(key: string, stored: StoredFeatures): Promise<void> {
    if (this.problem !== null) return;
    const bytes = stored.embeddings.data.byteLength + 1024 + 8 * stored.keptTokens.length; // and its head
    while (this.#bytes + bytes > this.maxBytes) {
      const oldest = bytes > this.maxBytes ? undefined : this.#old.shift();
      if (oldest === undefined) {
        this.problem = `the bound of ${this.maxBytes} bytes is reached: raise featureCache.maxBytes, or videos are encoded again`;
        return;
      }
      if (this.#own.has(oldest.path)) continue;
      await rm(oldest.path, { force: true });
      this.#bytes -= oldest.bytes;
    }
    const path = this.#path(key);
    try {
      await writeFeatures(path, key, stored);
      this.#own.add(path);
      this.#bytes += bytes;
    } catch (error) {
      this.problem = `${this.directory} cannot be written: ${(error as Error).message}`;
    }
  }

  #path(key: string): string {
    return join(this.directory, `${createHash("sha256").update(key).digest("hex")}.safetensors`);
  }

  async #count(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    const found: { path: string; bytes: number; used: number }[] = [];
    for (const name of await readdir(this.directory)) {
      const path = join(this.directory, name);
      const state = await stat(path).catch(() => null);
      if (state === null) continue; // another process removed it
      if (name.endsWith(".safetensors")) found.push({ path, bytes: state.size, used: state.mtimeMs });
    }
    this.#old = found.sort((a, b) => a.used - b.used);
    this.#bytes = found.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
