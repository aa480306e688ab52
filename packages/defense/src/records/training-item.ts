import type { ProblemType, SafetyLabels } from "@videosafety/safety-data";
import type { ContentPart } from "@videosafety/video-llm";

/** A file that a record shows. */
export interface MediaFile {
  readonly kind: "video" | "image";
  /** Where it is. */
  readonly path: string;
  /** As the record has it. */
  readonly written: string;
  /** Its size, so that an exchanged file is noticed when a run is resumed. */
  readonly bytes: number;
}

/** Where a record stands. */
export interface RecordPlace {
  /** Name of its source in the run file. */
  readonly source: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** One turn, with visual parts where the record has them. */
export interface ItemMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: readonly ContentPart[];
}

/** One answer to learn in the stages 1 to 3: a turn of a record with what precedes it. */
export interface SftItem {
  readonly kind: "sft";
  readonly place: RecordPlace;
  readonly media: readonly MediaFile[];
  readonly messages: readonly ItemMessage[];
  /** The answer. */
  readonly completion: string;
  /** 0 safe, 1 harmful; null where the record has none. */
  readonly labels: SafetyLabels | null;
}

/** One prompt of stage 4. */
export interface GrpoItem {
  readonly kind: "grpo";
  readonly place: RecordPlace;
  readonly media: readonly MediaFile[];
  /** The question, the options of a multiple choice included. */
  readonly question: string;
  readonly problemType: ProblemType;
  /** The reference completion, tagged. */
  readonly solution: string;
  /** Labels of the reference of a safety problem; null of others. */
  readonly labels: SafetyLabels | null;
}

/** A training item of either layout. */
export type TrainingItem = SftItem | GrpoItem;

/** `records.jsonl:12`, for messages. */
export const placeText = ({ file, line }: RecordPlace): string => `${file}:${line}`;

/** What tells an item from others when a run is resumed: everything that is learnt from it, without absolute paths. */
export function itemFingerprint(item: TrainingItem): unknown {
  const { place, media, ...rest } = item;
  return { ...rest, source: place.source, media: media.map(({ kind, written, bytes }) => ({ kind, written, bytes })) };
}
