import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ListFileEntry } from "@huggingface/hub";
import { replaceFile } from "@videosafety/safety-data/node";
import { HubError } from "../errors.js";
import { type HubOptions, type HubSettings, hubSettings } from "./hub-settings-node.js";
import { INDEX_FILE, pickles, smallFiles, weightFiles } from "./model-files.js";

/** A model in the cache. */
export interface HubSnapshot {
  /** Directory with its files. */
  readonly directory: string;
  /** Commit they are of. */
  readonly commit: string;
}

/** 450 kB that only those who download need. */
const hubLibrary = () => import("@huggingface/hub");

const COMMIT = /^[0-9a-f]{40}$/;
/** More files than any model has. */
const MAX_FILES = 10_000;

/**
 * Brings a model of the Hugging Face hub into the standard cache (the layout of huggingface_hub: blobs, refs, snapshots):
 * configuration, tokenizer and safetensors; files that are there are not fetched again, an interrupted one goes on where it
 * stopped, and every file is checked against the hub's hash.
 *
 * @param id `owner/name`
 * @throws HubError when the hub refuses or cannot be reached, the model has no safetensors, a file arrives damaged, or with
 *   `offline` when the cache lacks it.
 */
export function downloadModel(id: string, options: HubOptions = {}): Promise<HubSnapshot> {
  return fetchModel(id, options, true);
}

/** As `downloadModel`, without the weights: enough to say what a model is. @throws HubError */
export function downloadConfiguration(id: string, options: HubOptions = {}): Promise<HubSnapshot> {
  return fetchModel(id, options, false);
}

async function fetchModel(id: string, options: HubOptions, withWeights: boolean): Promise<HubSnapshot> {
  const settings = await hubSettings(options);
  const folder = join(settings.hubCacheDirectory, `models--${id.replace("/", "--")}`);
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(settings.revision) || settings.revision.split("/").includes(".."))
    throw new HubError(
      `${id}: expected a branch, a tag or a commit, found revision ${JSON.stringify(settings.revision)}`,
      0,
    );
  if (settings.offline) return cachedModel(id, settings, folder);
  const { commit, entries } = await asked(id, settings, () => describe(id, settings));
  const snapshot = join(folder, "snapshots", commit);
  const names = entries.map(({ path }) => path);
  const fetched = new Fetcher(id, commit, settings, folder);
  const small = entries.filter(({ path }) => smallFiles(names).includes(path));
  await fetched.all(small);
  const index = names.includes(INDEX_FILE) ? parsedIndex(await readFile(join(snapshot, INDEX_FILE), "utf8"), id) : null;
  const weights = entries.filter(({ path }) => weightFiles(names, index).includes(path));
  if (weights.length === 0) {
    const found = pickles(names);
    throw new HubError(
      `${id}: expected weights as safetensors, found ${found.length === 0 ? "none" : `${found.slice(0, 3).join(", ")}, which can run code when they are read`}; look for a revision with safetensors, or convert it`,
      0,
    );
  }
  if (withWeights) await fetched.all(weights);
  if (settings.revision !== commit) {
    const ref = join(folder, "refs", settings.revision);
    await mkdir(dirname(ref), { recursive: true });
    await replaceFile(ref, commit);
  }
  return { directory: snapshot, commit };
}

function parsedIndex(text: string, id: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HubError(`${id}: ${INDEX_FILE}: expected JSON, found a syntax error`, 0, { cause });
  }
}

async function describe(id: string, settings: HubSettings): Promise<{ commit: string; entries: ListFileEntry[] }> {
  const { endpoint: hubUrl, token, revision } = settings;
  const access = { hubUrl, fetch: fetchOf(settings), ...(token === undefined ? {} : { accessToken: token }) };
  const { listFiles, modelInfo } = await hubLibrary();
  const { sha: commit } = await modelInfo({ name: id, revision, additionalFields: ["sha"], ...access });
  if (typeof commit !== "string" || !COMMIT.test(commit))
    throw new HubError(`${id}: expected a commit from the hub, found ${JSON.stringify(commit)}; check HF_ENDPOINT`, 0);
  const entries: ListFileEntry[] = [];
  for await (const entry of listFiles({ repo: id, revision: commit, ...access })) {
    if (entry.type === "file") entries.push(entry);
    if (entries.length > MAX_FILES) throw new HubError(`${id}: expected at most ${MAX_FILES} files, found more`, 0);
  }
  return { commit, entries };
}

const fetchOf =
  ({ signal }: HubSettings): typeof fetch =>
  (input, init) =>
    fetch(input, signal === undefined ? init : { ...init, signal });

/** The snapshot that the cache has of a revision. */
async function cachedModel(id: string, settings: HubSettings, folder: string): Promise<HubSnapshot> {
  const ref = COMMIT.test(settings.revision)
    ? settings.revision
    : (await readFile(join(folder, "refs", settings.revision), "utf8").catch(() => "")).trim();
  const directory = join(folder, "snapshots", ref);
  const sizes = await Promise.all(["config.json", "adapter_config.json"].map((name) => sizeOf(join(directory, name))));
  if (COMMIT.test(ref) && sizes.some((size) => size !== undefined)) return { directory, commit: ref };
  throw new HubError(
    `${id}: expected revision ${settings.revision} in ${settings.hubCacheDirectory}, found none; unset HF_HUB_OFFLINE to download it`,
    0,
  );
}

/** Turns what the hub's client throws into one error that says what to do. */
async function asked<T>(id: string, settings: HubSettings, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    settings.signal?.throwIfAborted();
    if (cause instanceof HubError) throw cause;
    const { statusCode: status, message, cause: inner } = cause as Error & { statusCode?: number };
    const next =
      status === 401 || status === 403
        ? `log in with a token that may read it (HF_TOKEN), and accept its terms at ${settings.endpoint}/${id}`
        : status === 404
          ? `check the id and the revision ${settings.revision}; private models need HF_TOKEN`
          : status === undefined
            ? "check the network and HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to use what the cache holds"
            : "try again later";
    const detail = inner instanceof Error ? `${message}: ${inner.message}` : message;
    const found = status === undefined ? detail : `status ${status}`;
    throw new HubError(`${id}: expected an answer from ${settings.endpoint}, found ${found}; ${next}`, status ?? 0, {
      cause,
    });
  }
}

/** Fetches files of one commit, and reports how far it is. */
class Fetcher {
  #bytes = 0;
  #total = 0;

  constructor(
    readonly id: string,
    readonly commit: string,
    readonly settings: HubSettings,
    readonly folder: string,
  ) {}

  async all(entries: readonly ListFileEntry[]): Promise<void> {
    this.#total += entries.reduce((sum, { size }) => sum + size, 0);
    for (const entry of entries) await asked(this.id, this.settings, () => this.#one(entry));
  }

  async #one(entry: ListFileEntry): Promise<void> {
    const hash = entry.lfs?.oid ?? entry.oid;
    if (hash === undefined || !/^[0-9a-f]{40,64}$/.test(hash))
      throw new HubError(`${this.id}: ${entry.path}: expected a hash from the hub, found ${JSON.stringify(hash)}`, 0);
    const blob = join(this.folder, "blobs", hash);
    const pointer = join(this.folder, "snapshots", this.commit, entry.path);
    if ((await sizeOf(pointer)) !== entry.size) {
      if ((await sizeOf(blob)) !== entry.size) await this.#fetch(entry, hash, blob);
      await mkdir(dirname(pointer), { recursive: true });
      await rm(pointer, { force: true });
      const target = relative(dirname(pointer), blob);
      await symlink(target, pointer).catch(() => copyFile(blob, pointer)); // no links: Windows without the right
    }
    this.#bytes += entry.size;
    this.#report(entry, entry.size, this.#bytes);
  }

  async #fetch(entry: ListFileEntry, hash: string, blob: string): Promise<void> {
    const { endpoint: hubUrl, token, signal } = this.settings;
    const incomplete = `${blob}.incomplete`;
    await mkdir(dirname(blob), { recursive: true });
    let here = (await sizeOf(incomplete)) ?? 0;
    if (here > entry.size) {
      await rm(incomplete);
      here = 0;
    }
    if (here < entry.size || entry.size === 0) {
      const access = token === undefined ? {} : { accessToken: token };
      const request = { repo: this.id, path: entry.path, revision: this.commit, hubUrl, xet: false, ...access };
      const { downloadFile } = await hubLibrary();
      const remote = await downloadFile({ ...request, fetch: fetchOf(this.settings) });
      if (remote === null || remote.size !== entry.size)
        throw new HubError(
          `${this.id}: ${entry.path}: expected ${entry.size} bytes, the hub offers ${remote?.size ?? "none"}`,
          0,
        );
      const before = this.#bytes;
      const counter = new Transform({
        transform: (chunk: Uint8Array, _encoding, done) => {
          here += chunk.length;
          if (here > entry.size)
            return done(
              new HubError(`${this.id}: ${entry.path}: more arrived than the ${entry.size} bytes of the file`, 0),
            );
          this.#report(entry, here, before + here);
          done(null, chunk);
        },
      });
      const body = Readable.fromWeb(remote.slice(here).stream() as never);
      await pipeline(body, counter, createWriteStream(incomplete, { flags: "a", flush: true }), {
        signal: signal as never,
      });
    }
    const found = await hashOf(incomplete, entry.size, hash.length === 64);
    if (found !== hash) {
      await rm(incomplete, { force: true });
      throw new HubError(
        `${this.id}: ${entry.path}: expected hash ${hash}, found ${found}; it arrived damaged, download it again`,
        0,
      );
    }
    await rename(incomplete, blob);
  }

  #report({ path: file, size: fileTotal }: ListFileEntry, fileBytes: number, bytes: number): void {
    this.settings.onProgress?.({ file, fileBytes, fileTotal, bytes, total: this.#total });
  }
}

const sizeOf = async (path: string): Promise<number | undefined> => (await stat(path).catch(() => undefined))?.size;

/** SHA-256 of a large file; git's SHA-1 of a small one, over its size and content. */
async function hashOf(path: string, size: number, isLarge: boolean): Promise<string> {
  const hash = createHash(isLarge ? "sha256" : "sha1");
  if (!isLarge) hash.update(`blob ${size}\0`);
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
