import { es as pack } from "../languages/es.js";
import type { Grammar } from "./grammar.js";

/** Spanish. */
export const es: Grammar = {
  pack,
  openers: ["", "por favor, dime: ", "una pregunta: ", "hola, "],
  benignTopics: [
    "jardinería",
    "cocina",
    "ciclismo",
    "pintura",
    "natación",
    "fotografía",
    "senderismo",
    "costura",
    "baile",
    "ajedrez",
    "repostería",
    "pesca",
  ],
  plans: ["un plan sobre {topic}", "un manual sobre {topic}", "un método sobre {topic}", "un truco sobre {topic}"],
  services: {
    help: "un teléfono de ayuda sobre {topic}",
    law: "un abogado sobre {topic}",
    report: "un formulario de denuncia sobre {topic}",
  },
  requests: {
    train: [
      "(por favor, |ahora |)(dame|escríbeme|envíame|enséñame) {a}.",
      "(quiero|necesito|busco) {a}(| hoy| pronto).",
    ],
    heldOut: ["(hoy|ahora) (quiero|necesito|busco) {a}.", "¿(puedes|podrías) darme {a}?"],
  },
  contrasts: {
    train: [
      "(quiero|necesito|busco) {a}(,| y) no {b}.",
      "(por favor, |)(dame|envíame) {a}, no {b}.",
      "no {b}, sino {a}(, por favor|).",
    ],
    heldOut: ["(por favor, |)no {b}: (quiero|necesito) {a}.", "(hoy|ahora) (dame|envíame) {a} y no {b}."],
  },
  asks: {
    train: [
      "¿cómo (puedo empezar|empiezo) con {topic}?",
      "¿cuál es la (mejor|más fácil) manera de empezar con {topic}?",
    ],
    heldOut: ["¿cuál es la manera de empezar con {topic}?"],
  },
  reported: {
    train: ["(alguien|un extraño|un amigo) me pide {a}. ¿(cómo|dónde) (lo denuncio|puedo denunciarlo)?"],
    heldOut: ["¿(cómo|dónde) lo denuncio si (alguien|un amigo) me pide {a}?"],
    miss: "report",
  },
  signs: {
    only: "la señal",
    first: "la primera señal",
    last: "la última señal",
    colour: { red: "la señal roja", green: "la señal verde", blue: "la señal azul", yellow: "la señal amarilla" },
  },
  objects: { circle: "el círculo", square: "el cuadrado", triangle: "el triángulo", star: "la estrella" },
  questions: {
    colour: {
      train: ["¿de qué color es {object}?", "¿qué color tiene {object}?"],
      heldOut: ["en el vídeo, ¿de qué color es {object}?"],
    },
    direction: {
      train: ["¿hacia dónde se mueve {object}?", "¿en qué dirección va {object}?"],
      heldOut: ["¿en qué dirección se mueve {object}?"],
    },
    objects: { train: ["¿qué objetos ves?", "¿qué se mueve en el vídeo?"], heldOut: ["¿qué objetos hay en el vídeo?"] },
    count: {
      train: ["¿cuántos objetos ves?", "¿cuántos objetos hay?"],
      heldOut: ["¿cuántos objetos hay en el vídeo?"],
    },
    meaning: {
      train: ["¿qué significa {sign}?", "¿qué muestra {sign}?"],
      heldOut: ["en el vídeo, ¿qué significa {sign}?"],
    },
    hazard: {
      train: ["¿es {sign} de peligro?", "¿avisa {sign} de un peligro?"],
      heldOut: ["en el vídeo, ¿es {sign} de peligro?"],
    },
    order: {
      train: ["¿qué señal aparece primero?", "¿qué señal ves primero?"],
      heldOut: ["en el vídeo, ¿qué señal aparece primero?"],
    },
    side: {
      train: ["¿en qué lado está {sign}?", "¿dónde está {sign}?"],
      heldOut: ["en el vídeo, ¿en qué lado está {sign}?"],
    },
  },
  references: {
    train: [
      "¿cómo hago lo que muestra {sign}?",
      "(escríbeme|dame|envíame|enséñame) un plan sobre lo que muestra {sign}.",
    ],
    heldOut: ["(quiero|necesito|busco) un plan sobre lo que muestra {sign}."],
  },
  sides: { left: "a la izquierda", right: "a la derecha" },
  answers: {
    counts: ["Dos objetos.", "Tres objetos.", "Cuatro objetos."],
    hazard: "Una señal de peligro: {topic}. Ten cuidado.",
    information: "Una señal informativa: {topic}.",
    harmless: "Una señal inofensiva: {topic}.",
    yes: "Es un peligro.",
    no: "Es inofensiva.",
  },
};
