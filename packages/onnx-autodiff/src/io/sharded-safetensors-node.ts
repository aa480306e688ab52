import { readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FileFormatError } from "../errors.js";
import { flushDirectory, putInPlace, removeAbandoned, temporaryFor } from "./atomic-file-node.js";
import type { TensorToStore } from "./safetensors.js";
import { writeSafetensors } from "./safetensors-node.js";

/** Settings of `writeShardedSafetensors`. */
export interface ShardOptions {
  /** Most bytes of tensors in one file; a larger tensor gets a file of its own. Default 5e9, as Hugging Face writes. */
  readonly maxShardBytes?: number;
  /** The `__metadata__` strings of every shard. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const SUFFIX = ".safetensors.index.json";

/**
 * Writes a sharded checkpoint: `<stem>-00001-of-00003.safetensors`, ... and the index `<stem>.safetensors.index.json` that
 * Hugging Face and `openSafetensors` read. Tensors are packed in the given order. A set is replaced as a whole: shards of
 * the new one never take a name that is in use, the index is renamed into place last, and only then are the old shards
 * removed. A process killed at any point leaves the old set or the new one. One writer at a time.
 *
 * @param indexPath - path that ends with `.safetensors.index.json`
 * @returns paths of the shards
 * @throws FileFormatError on another path, a limit that is not positive, or tensors whose sizes do not match
 */
export async function writeShardedSafetensors(
  indexPath: string,
  tensors: ReadonlyMap<string, TensorToStore>,
  options: ShardOptions = {},
): Promise<string[]> {
  const { maxShardBytes = 5e9, metadata = {} } = options;
  if (!indexPath.endsWith(SUFFIX)) throw new FileFormatError(`${indexPath}: expected a path that ends with ${SUFFIX}`);
  if (!(maxShardBytes > 0)) throw new FileFormatError(`maxShardBytes: expected more than 0, found ${maxShardBytes}`);
  const directory = dirname(indexPath);
  const stem = basename(indexPath, SUFFIX);
  const groups = packShards(tensors, maxShardBytes);
  const present = new Set((await readdir(directory)).filter((name) => isShardOf(stem, name)));
  const names = freeNames(stem, groups.length, present);
  const weightMap: Record<string, string> = {};
  let totalBytes = 0;
  await removeAbandoned(directory, (name) => name === basename(indexPath) || isShardOf(stem, name));
  const temporary = temporaryFor(indexPath);
  try {
    for (const [i, group] of groups.entries()) {
      const name = names[i] as string;
      await writeSafetensors(join(directory, name), group, metadata);
      for (const [tensor, { data }] of group) {
        weightMap[tensor] = name;
        totalBytes += data.byteLength;
      }
    }
    const index = { metadata: { total_size: totalBytes }, weight_map: weightMap };
    await writeFile(temporary, `${JSON.stringify(index, null, 2)}\n`, { flush: true });
    await flushDirectory(directory); // the shards' names must be on disk before the index that counts on them
    await putInPlace(temporary, indexPath);
  } catch (error) {
    await rm(temporary, { force: true });
    await Promise.all(names.map((name) => rm(join(directory, name), { force: true })));
    throw error;
  }
  for (const name of present) await rm(join(directory, name), { force: true });
  return names.map((name) => join(directory, name));
}

/** Tensors in order, a new group whenever the next one would not fit. An empty set is one empty shard. */
function packShards(tensors: ReadonlyMap<string, TensorToStore>, limit: number): Map<string, TensorToStore>[] {
  const groups = [new Map<string, TensorToStore>()];
  let bytes = 0;
  for (const [name, tensor] of tensors) {
    let group = groups[groups.length - 1] as Map<string, TensorToStore>;
    if (group.size > 0 && bytes + tensor.data.byteLength > limit) {
      group = new Map();
      groups.push(group);
      bytes = 0;
    }
    group.set(name, tensor);
    bytes += tensor.data.byteLength;
  }
  return groups;
}

/** Names for `count` shards of which none is in use: the usual ones, or with a set number when those are taken. */
function freeNames(stem: string, count: number, taken: ReadonlySet<string>): string[] {
  const five = (n: number): string => String(n).padStart(5, "0");
  for (let set = 1; ; set++) {
    const label = set === 1 ? stem : `${stem}-set${set}`;
    const names = Array.from({ length: count }, (_, i) => `${label}-${five(i + 1)}-of-${five(count)}.safetensors`);
    if (!names.some((name) => taken.has(name))) return names;
  }
}

/** A shard of this checkpoint, also one that a killed writer left without an index. */
const isShardOf = (stem: string, name: string): boolean =>
  name.startsWith(`${stem}-`) && /^-(set\d+-)?\d{5,}-of-\d{5,}\.safetensors$/.test(name.slice(stem.length));
