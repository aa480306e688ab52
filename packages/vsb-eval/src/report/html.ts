/** Markup that is already escaped. Made by {@link html} and {@link raw} only. */
export class Html {
  /** @param text markup. */
  constructor(readonly text: string) {}
}

/** Something a template may hold: text (escaped), markup, or lists of them; null and false print nothing. */
export type HtmlPart = string | number | Html | null | false | readonly HtmlPart[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for markup and attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

function partText(part: HtmlPart): string {
  if (part === null || part === false) return "";
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map(partText).join("");
  return escapeHtml(String(part));
}

/** A template whose values are escaped unless they are markup: a model's answer can never become a script. */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(strings.reduce((text, string, i) => text + partText(parts[i - 1] ?? null) + string));
}

/** Trusted markup. */
export function raw(text: string): Html {
  return new Html(text);
}
