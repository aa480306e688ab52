import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { invertRecordLabels, RecordError } from "@videosafety/safety-data";
import { readJsonl } from "@videosafety/safety-data/node";
import { DefenseError } from "../errors.js";
import type { DataSource } from "../run-file/run-schema.js";
import { formatOf, grpoItems, type RecordItems, sftItems } from "./record-items.js";
import type { MediaFile, RecordPlace, TrainingItem } from "./training-item.js";

/** A record that was left out, and why. */
export interface SkippedRecord {
  readonly place: RecordPlace;
  readonly reason: string;
}

/** A source of training data, read and checked. */
export interface ReadSource {
  readonly name: string;
  readonly format: "sft" | "grpo";
  readonly items: readonly TrainingItem[];
  /** Usable records; one with several answers gives several items. */
  readonly records: number;
  /** Left out, where the run file asks for that. */
  readonly skipped: readonly SkippedRecord[];
}

/** Reads sources: every record is checked, and every media file looked for, before anything is trained. */
export class SourceReader {
  readonly #sizes = new Map<string, Promise<number | null>>();

  /**
   * Reads one source whole.
   *
   * @param options.turns which answers of a conversation become items; default every
   * @throws DefenseError `invalid-record` or `media-missing` naming file and line, unless bad records are skipped
   */
  async read(
    name: string,
    source: DataSource,
    options: { readonly turns?: "every" | "last"; readonly signal?: AbortSignal } = {},
  ): Promise<ReadSource> {
    const { signal, turns = "every" } = options;
    const { file, onBadRecord, missingLabels } = source;
    const items: TrainingItem[] = [];
    const skipped: SkippedRecord[] = [];
    let format = source.format === "auto" ? null : source.format;
    let records = 0;
    const skip = (line: number, reason: string) => skipped.push({ place: { source: name, file, line }, reason });
    const lines = readJsonl<unknown>(file, {
      onError: onBadRecord,
      onSkip: ({ line, message }) => skip(line ?? 0, message),
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      for await (const written of lines) {
        const place = { source: name, file, line: lines.lines };
        try {
          const record = source.labels === "inverted" ? invertRecordLabels(written) : written;
          format ??= formatOf(record);
          const made = format === "sft" ? sftItems(record, place, { turns, missingLabels }) : grpoItems(record, place);
          const media = await this.#findMedia(made.media, source.mediaRoot);
          items.push(...made.items.map((item) => ({ ...item, media })));
          records += 1;
        } catch (error) {
          if (!(error instanceof RecordError || error instanceof DefenseError)) throw error;
          if (onBadRecord === "skip") skip(place.line, error.message);
          else {
            const code = error instanceof DefenseError ? error.code : "invalid-record";
            throw new DefenseError(code, `data.${name}: ${file}:${place.line}: ${error.message}`, { cause: error });
          }
        }
      }
    } catch (error) {
      throw readingError(error, name, file);
    }
    if (items.length > 0) return { name, format: format ?? "sft", items, records, skipped };
    const why = skipped[0] === undefined ? "" : ` (${skipped.length} skipped; the first: ${skipped[0].reason})`;
    throw new DefenseError("invalid-record", `data.${name}: ${file}: expected a usable record, found none${why}`);
  }

  /** @throws DefenseError `media-missing` */
  #findMedia(media: RecordItems["media"], root: string): Promise<MediaFile[]> {
    return Promise.all(
      media.map(async ({ kind, written }) => {
        const path = resolve(root, written);
        let size = this.#sizes.get(path);
        if (size === undefined) {
          size = stat(path).then(
            (found) => (found.isFile() ? found.size : null),
            () => null,
          );
          this.#sizes.set(path, size);
        }
        const bytes = await size;
        if (bytes !== null) return { kind, path, written, bytes };
        throw new DefenseError(
          "media-missing",
          `expected a media file at ${path}, found none; set mediaRoot, or onBadRecord: skip`,
        );
      }),
    );
  }
}

function readingError(error: unknown, name: string, file: string): unknown {
  if (error instanceof RecordError)
    return new DefenseError("invalid-record", `data.${name}: ${error.message}`, { cause: error });
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") return error;
  return new DefenseError("invalid-record", `data.${name}: expected records in ${file}, found no such file`, {
    cause: error,
  });
}
