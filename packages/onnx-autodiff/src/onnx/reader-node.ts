import { readFile, realpath, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { FileFormatError } from "../errors.js";
import { type OnnxLimits, type OnnxModel, parseOnnxModel } from "./reader.js";

/** A model file together with the directory of its external data. */
export interface OnnxModelFile extends OnnxModel {
  /** Directory of the model; pass it to `createSession` as `externalDataDirectory`. */
  readonly directory: string;
}

/**
 * Reads an ONNX file. External tensors stay in their files (onnxruntime maps them); that every range lies inside a file
 * beside the model is checked here.
 * @throws FileFormatError
 */
export async function readOnnxModel(
  path: string,
  options: OnnxLimits & { readonly maxBytes?: number } = {},
): Promise<OnnxModelFile> {
  const { maxBytes = 2 ** 31 } = options;
  const { size } = await stat(path);
  if (size > maxBytes)
    throw new FileFormatError(
      `${path}: ${size} bytes, more than the limit of ${maxBytes}; store weights as external data`,
    );
  const model = parseOnnxModel(await readFile(path), options);
  const directory = dirname(path);
  const root = (await realpath(directory)) + sep;
  const sizes = new Map<string, number>();
  for (const { name, external } of model.initializers) {
    if (!external) continue;
    let bytes = sizes.get(external.location);
    if (bytes === undefined) {
      const file = await realpath(join(directory, external.location)).catch((cause: unknown) => {
        throw new FileFormatError(`tensor ${name}: external file ${external.location} is missing`, { cause });
      });
      if (!file.startsWith(root))
        throw new FileFormatError(`tensor ${name}: external file ${external.location} leads out of ${directory}`);
      bytes = (await stat(file)).size;
      sizes.set(external.location, bytes);
    }
    if (external.offset + external.length > bytes) {
      throw new FileFormatError(
        `tensor ${name}: ends at byte ${external.offset + external.length} of ${external.location}, which has ${bytes}`,
      );
    }
  }
  return { ...model, directory };
}
