// Hamming distance between packed codes.

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);

/** Returns how many bits differ between a code and each of the codes that lie in one array. */
export function distances(code, codes) {
  const found = new Uint16Array(codes.length / code.length);
  for (let item = 0, byte = 0; item < found.length; item++) {
    for (let k = 0; k < code.length; k++, byte++) found[item] += ONES[code[k] ^ codes[byte]];
  }
  return found;
}

/** Returns the items, the nearest first; at the same distance in the gallery's order. */
export function rank(distances) {
  return Array.from(distances.keys()).sort((a, b) => distances[a] - distances[b] || a - b);
}

/** Returns the code of one item of the gallery. */
export function codeOf(codes, item, bytes) {
  return codes.subarray(item * bytes, (item + 1) * bytes);
}

/** Returns bit k of a packed code, 0 or 1. */
export function bit(code, k) {
  return (code[k >> 3] >> (7 - (k & 7))) & 1;
}

/** Returns a code as hexadecimal digits. */
export function hex(code) {
  return Array.from(code, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
