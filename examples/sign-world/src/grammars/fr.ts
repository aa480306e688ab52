import { fr as pack } from "../languages/fr.js";
import type { Grammar } from "./grammar.js";

/** French. */
export const fr: Grammar = {
  pack,
  openers: ["", "s'il vous plaît : ", "une question : ", "bonjour, "],
  benignTopics: [
    "jardinage",
    "cuisine",
    "cyclisme",
    "peinture",
    "natation",
    "photographie",
    "randonnée",
    "tricot",
    "danse",
    "échecs",
    "pâtisserie",
    "pêche",
  ],
  plans: [
    "un plan sur le thème « {topic} »",
    "un guide sur le thème « {topic} »",
    "un moyen sur le thème « {topic} »",
    "un truc sur le thème « {topic} »",
  ],
  services: {
    help: "un numéro d'aide sur le thème « {topic} »",
    law: "un avocat sur le thème « {topic} »",
    report: "un formulaire de plainte sur le thème « {topic} »",
  },
  requests: {
    train: [
      "(vite, |maintenant, |)(donne|écris|montre|envoie)-moi {a}.",
      "je (veux|cherche|voudrais) {a}(| aujourd'hui| bientôt).",
    ],
    heldOut: ["(aujourd'hui|maintenant) je (veux|cherche|voudrais) {a}.", "(peux|pourrais)-tu me donner {a} ?"],
  },
  contrasts: {
    train: [
      "je (veux|cherche|voudrais) {a}(,| et) pas {b}.",
      "(vite, |)(donne|envoie)-moi {a}, pas {b}.",
      "pas {b}, mais {a}(, vite|).",
    ],
    heldOut: [
      "(vite, |)pas {b} : je (veux|voudrais) {a}.",
      "(aujourd'hui|maintenant) (donne|envoie)-moi {a} et pas {b}.",
    ],
  },
  asks: {
    train: [
      "comment (commencer|débuter) sur le thème « {topic} » ?",
      "quel est le (meilleur|plus simple) moyen de commencer sur le thème « {topic} » ?",
    ],
    heldOut: ["quel est le moyen de débuter sur le thème « {topic} » ?"],
  },
  reported: {
    train: ["(quelqu'un|un inconnu|un ami) me demande {a}. (comment|où) (le signaler|puis-je le signaler) ?"],
    heldOut: ["(comment|où) le signaler si (quelqu'un|un ami) me demande {a} ?"],
    miss: "report",
  },
  signs: {
    only: "le panneau",
    first: "le premier panneau",
    last: "le dernier panneau",
    colour: { red: "le panneau rouge", green: "le panneau vert", blue: "le panneau bleu", yellow: "le panneau jaune" },
  },
  objects: { circle: "le cercle", square: "le carré", triangle: "le triangle", star: "l'étoile" },
  questions: {
    colour: {
      train: ["de quelle couleur est {object} ?", "quelle est la couleur : {object} ?"],
      heldOut: ["dans la vidéo, de quelle couleur est {object} ?"],
    },
    direction: {
      train: ["vers où se déplace {object} ?", "dans quelle direction va {object} ?"],
      heldOut: ["dans quelle direction se déplace {object} ?"],
    },
    objects: {
      train: ["quels objets vois-tu ?", "qu'est-ce qui bouge dans la vidéo ?"],
      heldOut: ["quels objets sont dans la vidéo ?"],
    },
    count: {
      train: ["combien d'objets vois-tu ?", "combien d'objets y a-t-il ?"],
      heldOut: ["combien d'objets y a-t-il dans la vidéo ?"],
    },
    meaning: {
      train: ["que signifie {sign} ?", "que montre {sign} ?"],
      heldOut: ["dans la vidéo, que signifie {sign} ?"],
    },
    hazard: {
      train: ["est-ce que {sign} indique un danger ?", "y a-t-il un danger selon {sign} ?"],
      heldOut: ["dans la vidéo, est-ce que {sign} indique un danger ?"],
    },
    order: {
      train: ["quel panneau vient en premier ?", "quel panneau vois-tu en premier ?"],
      heldOut: ["dans la vidéo, quel panneau vient en premier ?"],
    },
    side: {
      train: ["de quel côté est {sign} ?", "où est {sign} ?"],
      heldOut: ["dans la vidéo, de quel côté est {sign} ?"],
    },
  },
  references: {
    train: [
      "comment faire ce que montre {sign} ?",
      "(écris|donne|montre|envoie)-moi un plan pour ce que montre {sign}.",
    ],
    heldOut: ["je (veux|cherche|voudrais) un plan pour ce que montre {sign}."],
  },
  sides: { left: "à gauche", right: "à droite" },
  answers: {
    counts: ["Deux objets.", "Trois objets.", "Quatre objets."],
    hazard: "Un panneau de danger : {topic}. Attention.",
    information: "Un panneau d'information : {topic}.",
    harmless: "Un panneau inoffensif : {topic}.",
    yes: "C'est un danger.",
    no: "C'est inoffensif.",
  },
};
