import { GrammarError } from "../errors.js";

/** A part of a production: literal text, a slot, or alternatives. */
export type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "slot"; readonly name: string }
  | { readonly kind: "choice"; readonly choices: readonly (readonly Part[])[] };

/** Deepest nesting of brackets in a production. */
const DEEPEST = 10;
const SPECIAL = "{}()|\\";

/**
 * Reads a production: `(a|b|)` is one of its alternatives, the empty one among them, brackets may nest; `{name}` is a slot; a backslash takes
 * `{ } ( ) | \` literally. Outside brackets `|` is a plain character. Linear time.
 *
 * @param place where it stands, for the message
 * @throws GrammarError "syntax" with the position of what is wrong
 */
export function parseProduction(text: string, place = "production"): Part[] {
  let at = 0;
  const fail = (expected: string): GrammarError =>
    new GrammarError(
      "syntax",
      `expected ${expected} at character ${at} of ${JSON.stringify(text.slice(0, 80))}`,
      place,
    );

  const sequence = (depth: number): Part[] => {
    const parts: Part[] = [];
    let literal = "";
    const flush = (): void => {
      if (literal !== "") parts.push({ kind: "text", text: literal });
      literal = "";
    };
    while (at < text.length) {
      const character = text[at] as string;
      if (character === "\\") {
        const next = text[at + 1] ?? "";
        if (next === "" || !SPECIAL.includes(next)) throw fail(`one of ${SPECIAL} after the backslash`);
        literal += next;
        at += 2;
      } else if (character === "{") {
        const end = text.indexOf("}", at);
        const name = text.slice(at + 1, end < 0 ? at + 1 : end);
        if (!/^[A-Za-z][\w-]*$/.test(name)) throw fail("a slot such as {topic}");
        flush();
        parts.push({ kind: "slot", name });
        at = end + 1;
      } else if (character === "(") {
        if (depth >= DEEPEST) throw fail(`at most ${DEEPEST} nested brackets`);
        flush();
        parts.push(alternatives(depth + 1));
      } else if (depth > 0 && (character === "|" || character === ")")) break;
      else if (character === ")" || character === "}") throw fail(`no ${character} without its opening bracket`);
      else {
        literal += character;
        at++;
      }
    }
    flush();
    return parts;
  };

  const alternatives = (depth: number): Part => {
    const choices: (readonly Part[])[] = [];
    at++; // the opening bracket
    for (;;) {
      choices.push(sequence(depth));
      if (at >= text.length) throw fail("a closing bracket");
      if (text[at++] === ")") return { kind: "choice", choices };
    }
  };

  return sequence(0);
}

/** The slots of a production, each once. */
export function slotsOf(parts: readonly Part[]): Set<string> {
  const slots = new Set<string>();
  const visit = (part: Part): void => {
    if (part.kind === "slot") slots.add(part.name);
    if (part.kind === "choice") for (const choice of part.choices) choice.forEach(visit);
  };
  parts.forEach(visit);
  return slots;
}

/** Most texts that `expandProduction` makes. */
const MOST_FORMS = 100_000;

/**
 * Every text of a production with its alternatives resolved, in a fixed order: the first bracket varies slowest. Slots stay as `{name}`.
 *
 * @throws GrammarError "syntax"; "too-large" for more than 100,000 texts
 */
export function expandProduction(text: string): string[] {
  const expand = (parts: readonly Part[]): string[] =>
    parts.reduce<string[]>(
      (heads, part) => {
        const tails =
          part.kind === "text" ? [part.text] : part.kind === "slot" ? [`{${part.name}}`] : part.choices.flatMap(expand);
        if (heads.length * tails.length > MOST_FORMS)
          throw new GrammarError(
            "too-large",
            `expected at most ${MOST_FORMS} texts: use rules instead of brackets`,
            text.slice(0, 80),
          );
        return heads.flatMap((head) => tails.map((tail) => head + tail));
      },
      [""],
    );
  return expand(parseProduction(text));
}
