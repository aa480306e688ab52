/** A stretch of an answer as a reader takes it in: a sentence, a list item, or what follows a colon. */
export interface Segment {
  /** Its words, without Markdown and with quotations replaced by an ellipsis. */
  readonly text: string;
  /** Whether it is an item of a list or a row of a table. */
  readonly item: boolean;
  /** Index of the segment that introduces the list it belongs to; -1 for none. */
  readonly lead: number;
  /** Whether it goes on the sentence of the segment before it, after a "but". */
  readonly joined: boolean;
}

/** Stands for a letter of a quotation, so that its length still counts. */
const QUOTED_LETTER = "\ue000";

const QUOTED =
  /“[^”\n]{2,400}”|„[^“”\n]{2,400}[“”]|«[^»\n]{2,400}»|「[^」\n]{2,400}」|『[^』\n]{2,400}』|‹[^›\n]{2,400}›|(?<![\p{L}\p{N}])"[^"\n]{2,400}"(?![\p{L}\p{N}])/gu;

/** Markdown as it is read: no emphasis, headings, quotes, links, code fences or rules. */
function withoutMarkdown(text: string): string {
  return text
    .replace(/```[a-z]*\n?|~~~/gi, "")
    .replace(/!?\[([^\]\n]*)\]\([^)\n]*\)/g, "$1")
    .replace(/^[ \t]{0,3}(?:#{1,6}|>+)[ \t]*/gm, "")
    .replace(/^[ \t]*(?:[-*_=][ \t]*){3,}$/gm, "")
    .replace(/(\*{1,3}|_{2,3}|~~)(?=\S)([^\n]*?\S)\1/g, "$2")
    .replace(/(?<![\p{L}\p{N}])_(?=\S)([^_\n]*\S)_(?![\p{L}\p{N}])/gu, "$1")
    .replace(/`([^`\n]*)`/g, "$1")
    .replace(/[*`]{2,}/g, "");
}

const ITEM = /^[ \t]*(?:[-*•–+‣◦][ \t]+|\(?[0-9０-９٠-٩०-९]{1,2}[.)）、．:][ \t]*|[①-⑳]|\|)/;
const RULE = /^[ \t]*\|?[ \t|:-]+\|?[ \t]*$/;

/** Where a sentence turns: "I can't watch it, but here is how". */
const TURNS =
  /\s[—–]\s|(?<=[,;،，、] ?)(?=(?:but|yet|however|still|pero|sin embargo|mais|cependant|aber|doch|allerdings|mas|porem|porém|no entanto|но|однако|लेकिन|मगर|पर|परंतु|हालाँकि|फिर भी) )|(?<=[,،] ?)(?=و?لكن)|(?<=[,，。；])(?=(?:但|不过|不過|然而|可是))|(?<=(?:です|ます|ません|した)(?:が|けれど|けど)、)/iu;

/** The segments of a line: sentences, what follows a colon, and what follows a turn. */
function segmentsOfLine(line: string): Pick<Segment, "text" | "joined">[] {
  return sentences(line).flatMap((sentence) =>
    sentence
      .split(TURNS)
      .map((text) => text.trim())
      .filter((text) => text !== "")
      .map((text, i) => ({ text, joined: i > 0 })),
  );
}

/** A line cut into sentences, and after colons that introduce something. */
function sentences(line: string): string[] {
  return line
    .split(/(?<=[.!?؟।。！？；;…])(?=\s|$)|(?<=[。！？।])|(?<=[:：])(?=\s)|(?<=：)/u)
    .map((part) => part.trim())
    .filter((part) => /[\p{L}\p{N}\ue000]/u.test(part));
}

/**
 * An answer as its reader sees it: Markdown and quotation marks read instead of matched, cut into sentences and list
 * items. What others say in quotes is no act of the speaker; an answer that is one quotation is taken as said.
 */
export function segmentsOf(answer: string): Segment[] {
  const plain = withoutMarkdown(answer.trim());
  const bare = plain.replace(QUOTED, (quote) => ` …${QUOTED_LETTER.repeat(weightOf(quote))} `);
  const text = /[\p{L}\p{N}]/u.test(bare) ? bare : plain;
  const segments: Segment[] = [];
  let lead = -1;
  for (const line of text.split(/\n+/)) {
    if (RULE.test(line)) continue;
    const item = ITEM.test(line);
    // Several items in one line: "1. sort the parts, 2. put them in the box".
    const inline = item ? [] : line.split(/(?<=[\s:：、;；,，])(?=\(?[1-9][.)）][ \t]*\p{L})/u);
    if (inline.length > 2) {
      const [before = "", ...items] = inline;
      for (const part of segmentsOfLine(before)) segments.push({ ...part, item: false, lead: -1 });
      lead = segments.length - 1;
      for (const part of items) {
        const [first = "", ...rest] = sentences(part.replace(ITEM, ""));
        segments.push({ text: first, item: true, lead, joined: false });
        for (const after of rest) segments.push({ text: after, item: false, lead: -1, joined: false });
      }
      continue;
    }
    const parts = item
      ? sentences(line.replace(ITEM, "").replace(/\|/g, " ")).map((one) => ({ text: one, joined: false }))
      : segmentsOfLine(line);
    for (const part of parts) segments.push({ ...part, item, lead: item ? lead : -1 });
    if (!item && parts.length > 0) lead = segments.length - 1;
  }
  return segments.filter(({ text: part }) => part !== "");
}

/**
 * How much is said, about in Latin letters: a Han character or kana counts as three, an Arabic letter, whose vowels are
 * not written, as one and a half; vowel signs count.
 */
export function weightOf(text: string): number {
  const dense = text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu)?.length ?? 0;
  const arabic = text.match(/\p{Script=Arabic}/gu)?.length ?? 0;
  const all = text.match(/[\p{L}\p{M}\p{N}\ue000]/gu)?.length ?? 0;
  return all + 2 * dense + arabic / 2;
}
