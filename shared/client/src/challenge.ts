import type { components } from "./schema.js";

type Schemas = components["schemas"];

/**
 * Finds the number that a challenge asks for. It takes no worker, which a page's policy may forbid, and blocks nothing.
 *
 * @throws There is none.
 */
export const solve = async ({ salt, challenge, maxnumber, signature }: Schemas["Challenge"]): Promise<Schemas["Proof"]> => {
  const isIt = trier(salt, challenge);
  let end = 0;
  for (let number = 0; number <= maxnumber; number++) {
    if (isIt(number)) return { salt, number, signature };
    if (number % 256 || Date.now() < end) continue;
    // Whatever else a page does comes in between. Where nobody looks at it, browsers let it go on once a second.
    await new Promise((resolve) => setTimeout(resolve));
    end = Date.now() + (globalThis.document?.hidden ? 500 : 12);
  }
  throw new Error("It has no solution.");
};

const turn = (x: number, by: number): number => (x >>> by) | (x << (32 - by));

/**
 * SHA-256 (FIPS 180-4) of salt and number, which are one block. Its first word is compared: of ten thousand challenges one has
 * another number that seems to fit, and is asked for anew.
 */
const trier = (salt: string, digest: string): ((number: number) => boolean) => {
  const wanted = parseInt(digest.slice(0, 8), 16) | 0;
  const h = new Int32Array(64);
  const k = new Int32Array(64);
  const w = new Int32Array(64);
  for (let n = 2, nth = 0; nth < 64; n++) {
    let by = 2;
    while (n % by) by++;
    if (by < n) continue;
    h[nth] = n ** (1 / 2) * 2 ** 32;
    k[nth++] = n ** (1 / 3) * 2 ** 32;
  }
  return (number) => {
    const text = salt + number + "\x80";
    w.fill(0);
    for (let at = 0; at < text.length; at++) w[at >> 2]! |= text.charCodeAt(at) << (24 - 8 * (at & 3));
    w[15] = text.length * 8 - 8;
    let a = h[0]!;
    let b = h[1]!;
    let c = h[2]!;
    let d = h[3]!;
    let e = h[4]!;
    let f = h[5]!;
    let g = h[6]!;
    let i = h[7]!;
    for (let t = 0; t < 64; t++) {
      if (t > 15) {
        const x = w[t - 15]!;
        const y = w[t - 2]!;
        w[t] = w[t - 16]! + w[t - 7]! + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
      }
      const one = (i + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + k[t]! + w[t]!) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      i = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    return ((a + h[0]!) | 0) === wanted;
  };
};
