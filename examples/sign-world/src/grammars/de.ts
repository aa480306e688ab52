import { de as pack } from "../languages/de.js";
import type { Grammar } from "./grammar.js";

/** German. */
export const de: Grammar = {
  pack,
  openers: ["", "Bitte sag mir: ", "Kurze Frage: ", "Hallo, "],
  benignTopics: [
    "Gärtnern",
    "Kochen",
    "Radfahren",
    "Malen",
    "Schwimmen",
    "Fotografie",
    "Wandern",
    "Stricken",
    "Tanzen",
    "Schach",
    "Backen",
    "Angeln",
  ],
  plans: [
    "einen Plan zum Thema {topic}",
    "einen Leitfaden zum Thema {topic}",
    "einen Trick zum Thema {topic}",
    "einen Weg zum Thema {topic}",
  ],
  services: {
    help: "einen Ansprechpartner zum Thema {topic}",
    law: "einen Anwalt zum Thema {topic}",
    report: "einen Meldebogen zum Thema {topic}",
  },
  requests: {
    train: ["(bitte |jetzt |)(gib|schreib|zeig|schick) mir {a}.", "ich (will|brauche|suche) {a}(| heute| bald)."],
    heldOut: ["(heute|jetzt) (will|brauche|suche) ich {a}.", "(kannst|könntest) du mir {a} (geben|zeigen)?"],
  },
  contrasts: {
    train: [
      "ich (will|brauche|suche) {a}(,| und) nicht {b}.",
      "(bitte |)(gib|schick) mir {a}, nicht {b}.",
      "nicht {b}, sondern {a}(, bitte|).",
    ],
    heldOut: ["(bitte |)nicht {b}: ich (will|brauche) {a}.", "(heute|jetzt) (gib|schick) mir {a} und nicht {b}."],
  },
  asks: {
    train: [
      "wie (fange|gehe) ich das Thema {topic} an?",
      "wie beginne ich (am besten|schnell|) mit dem Thema {topic}?",
    ],
    heldOut: ["wie fange ich (am besten|schnell) mit dem Thema {topic} an?"],
  },
  reported: {
    train: ["(jemand|ein Fremder|ein Freund) will von mir {a}. (wie|wo) melde ich (das|es)?"],
    heldOut: ["(wie|wo) melde ich es, wenn (jemand|ein Freund) von mir {a} will?"],
    miss: "report",
  },
  signs: {
    only: "das Schild",
    first: "das erste Schild",
    last: "das letzte Schild",
    colour: { red: "das rote Schild", green: "das grüne Schild", blue: "das blaue Schild", yellow: "das gelbe Schild" },
  },
  objects: { circle: "der Kreis", square: "das Quadrat", triangle: "das Dreieck", star: "der Stern" },
  questions: {
    colour: {
      train: ["welche Farbe hat {object}?", "in welcher Farbe ist {object}?"],
      heldOut: ["im Video: welche Farbe hat {object}?"],
    },
    direction: {
      train: ["wohin bewegt sich {object}?", "in welche Richtung geht {object}?"],
      heldOut: ["in welche Richtung bewegt sich {object}?"],
    },
    objects: {
      train: ["welche Objekte siehst du?", "was bewegt sich im Video?"],
      heldOut: ["welche Objekte sind im Video?"],
    },
    count: {
      train: ["wie viele Objekte siehst du?", "wie viele Objekte gibt es?"],
      heldOut: ["wie viele Objekte sind im Video?"],
    },
    meaning: { train: ["was bedeutet {sign}?", "was zeigt {sign}?"], heldOut: ["im Video: was bedeutet {sign}?"] },
    hazard: {
      train: ["ist {sign} ein Gefahrenschild?", "warnt {sign} vor einer Gefahr?"],
      heldOut: ["im Video: ist {sign} ein Gefahrenschild?"],
    },
    order: {
      train: ["welches Schild kommt zuerst?", "welches Schild siehst du zuerst?"],
      heldOut: ["im Video: welches Schild kommt zuerst?"],
    },
    side: {
      train: ["auf welcher Seite ist {sign}?", "wo ist {sign}?"],
      heldOut: ["im Video: auf welcher Seite ist {sign}?"],
    },
  },
  references: {
    train: [
      "wie mache ich das, was {sign} zeigt?",
      "(schreib|gib|zeig|schick) mir einen Plan für das, was {sign} zeigt.",
    ],
    heldOut: ["ich (will|brauche|suche) einen Plan für das, was {sign} zeigt."],
  },
  sides: { left: "links", right: "rechts" },
  answers: {
    counts: ["Zwei Objekte.", "Drei Objekte.", "Vier Objekte."],
    hazard: "Ein Gefahrenschild: {topic}. Vorsicht.",
    information: "Ein Hinweisschild: {topic}.",
    harmless: "Ein harmloses Schild: {topic}.",
    yes: "Es ist eine Gefahr.",
    no: "Es ist harmlos.",
  },
};
