/** Formats of item files: the project's own JSON Lines, and public data sets from local copies. */
export const ITEM_FORMATS = [
  "vsb",
  "video-safetybench",
  "videosafety-sft",
  "videosafety-grpo",
  "vlguard",
  "figstep",
  "mm-safetybench",
  "xstest",
] as const;

/** One of {@link ITEM_FORMATS}. */
export type ItemFormat = (typeof ITEM_FORMATS)[number];
