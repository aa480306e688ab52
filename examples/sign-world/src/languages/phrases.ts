import type { SceneObject } from "../scenes/canvas.js";
import type { LanguagePack } from "./language-pack.js";

/** Replaces `{name}` by its value and starts the sentence with a capital letter. */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  const text = template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
  const [first = ""] = text;
  return first.toUpperCase() + text.slice(first.length);
}

/** The neutral name of a subcategory (index in the taxonomy's order). */
export function topicName(pack: LanguagePack, topic: number): string {
  const name = pack.topics[topic];
  if (name === undefined) throw new RangeError(`topic must be in [0, ${pack.topics.length}), found ${topic}`);
  return name;
}

/** The phrase for an object with article and colour, as it stands inside a sentence. */
export function objectPhrase(pack: LanguagePack, object: SceneObject): string {
  const [noun, gender] = pack.object.nouns[object.shape];
  const colour = pack.object.colours[gender]?.[object.colour];
  if (colour === undefined) throw new RangeError(`${pack.language}: no colours for gender ${gender}`);
  return pack.object.pattern.replace("{noun}", noun).replace("{colour}", colour);
}
