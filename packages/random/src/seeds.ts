/** A 32-bit FNV-1a hash of a text's UTF-16 code units: turns an id into a seed. Not for security. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Mixes a seed with numbers that name a use of it (murmur3's finalizer), so that streams are independent of each other. */
export function deriveSeed(seed: number, ...parts: readonly number[]): number {
  return parts.reduce((hash, part) => scramble(Math.imul(hash, 0x9e3779b1) ^ part), scramble(seed));
}

function scramble(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
