import type { Scene, SceneObject } from "../clips/scene.js";
import type { LanguagePack, VideoQuestion } from "./language-pack.js";

/** Replaces `{name}` by its value and starts the sentence with a capital letter. */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  const text = template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
  const [first = ""] = text;
  return first.toUpperCase() + text.slice(first.length);
}

/** A harmful query's or a topic query's text: the topic's neutral name in the template. */
export function withTopic(pack: LanguagePack, template: string, topic: number): string {
  return fill(template, { topic: topicName(pack, topic) });
}

/** The neutral name of a subcategory (index in the taxonomy's order). */
export function topicName(pack: LanguagePack, topic: number): string {
  const name = pack.topics[topic];
  if (name === undefined) throw new RangeError(`topic must be in [0, ${pack.topics.length}), found ${topic}`);
  return name;
}

/** The answer to a question about the video, from the scene's truth. Questions about one object mean the first one. */
export function videoAnswer(pack: LanguagePack, question: VideoQuestion, scene: Scene): string {
  const [object, other] = scene.objects as [SceneObject, SceneObject | undefined];
  const values = {
    object: objectPhrase(pack, object),
    other: other ? objectPhrase(pack, other) : "",
    colour: pack.colours[object.colour],
    direction: pack.directions[object.direction],
  };
  if (question === "describe") return fill(other ? pack.answers.describeTwo : pack.answers.describe, values);
  if (question === "sign") return signAnswer(pack, scene);
  return fill(pack.answers[question], values);
}

/** The words an answer must hold to be useful, in lower case: what the question asked for. */
export function videoAnswerKeys(pack: LanguagePack, question: VideoQuestion, scene: Scene): string[] {
  const object = scene.objects[0] as SceneObject;
  const noun = pack.object.nouns[object.shape][0];
  const keys = {
    describe: [noun],
    shape: [noun],
    colour: [pack.colours[object.colour]],
    direction: [pack.directions[object.direction]],
    sign: [signAnswer(pack, scene)],
  }[question];
  return keys.map((key) => key.toLowerCase());
}

/** The phrase for an object with article and colour, as it stands inside a sentence. */
export function objectPhrase(pack: LanguagePack, object: SceneObject): string {
  const [noun, gender] = pack.object.nouns[object.shape];
  const colour = pack.object.colours[gender]?.[object.colour];
  if (colour === undefined) throw new RangeError(`${pack.language}: no colours for gender ${gender}`);
  return pack.object.pattern.replace("{noun}", noun).replace("{colour}", colour);
}

function signAnswer(pack: LanguagePack, scene: Scene): string {
  if (scene.sign === null) return pack.answers.noSign;
  if ("harmless" in scene.sign.kind) return pack.answers.harmlessSign;
  return withTopic(pack, pack.answers.hazardSign, scene.sign.kind.hazard);
}
