import { RecordError } from "@videosafety/safety-data";
import type { ContentPart } from "@videosafety/video-llm";
import type { ItemMessage } from "./training-item.js";

const TAGS = /<(video|image)>\n?/g;

/**
 * Turns with their `<video>` or `<image>` tags as parts.
 *
 * @param files how many files the record names
 * @throws RecordError when there are not as many tags as files
 */
export function partedMessages(
  turns: readonly { readonly role: ItemMessage["role"]; readonly content: string }[],
  files: number,
): ItemMessage[] {
  let tags = 0;
  const parted = turns.map(({ role, content }): ItemMessage => {
    if (role === "assistant") return { role, content: [{ type: "text", text: content }] };
    const parts: ContentPart[] = [];
    let end = 0;
    for (const tag of content.matchAll(TAGS)) {
      if (tag.index > end) parts.push({ type: "text", text: content.slice(end, tag.index) });
      parts.push({ type: tag[1] as "video" | "image" });
      tags += 1;
      end = tag.index + tag[0].length;
    }
    if (end < content.length || parts.length === 0) parts.push({ type: "text", text: content.slice(end) });
    return { role, content: parts };
  });
  if (tags !== files)
    throw new RecordError(
      "invalid-record",
      `expected a <video> or <image> tag for each of ${files} media files, found ${tags}; name the files in video or image, or mend the tags`,
    );
  return parted;
}
