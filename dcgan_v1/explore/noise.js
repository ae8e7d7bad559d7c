// Noise as numpy draws it, so that a seed means here what it means to sample.py:
// np.random.default_rng(seed), that is SeedSequence, PCG64 and, for normal numbers, the
// ziggurat (Marsaglia & Tsang 2000). Normal numbers agree to 5e-14, uniform ones exactly.

const LOW64 = (1n << 64n) - 1n, LOW128 = (1n << 128n) - 1n;
const PCG_MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645n;

/** The 32-bit words of a non-negative BigInt, lowest first. */
function wordsOf(number) {
  const words = [];
  do {
    words.push(Number(number & 0xFFFFFFFFn));
    number >>= 32n;
  } while (number);
  return words;
}

/** numpy's SeedSequence: eight 32-bit words out of any number of them. */
function spread(entropy) {
  let constant = 0x43B0D7E5;
  const hash = (value) => {
    value ^= constant;
    constant = Math.imul(constant, 0x931E8875);
    value = Math.imul(value, constant);
    return value ^ (value >>> 16);
  };
  const mix = (x, y) => {
    const mixed = Math.imul(x, 0xCA01F9DD) - Math.imul(y, 0x4973F715) | 0;
    return mixed ^ (mixed >>> 16);
  };
  const pool = [0, 1, 2, 3].map((i) => hash(entropy[i] ?? 0));
  for (let from = 0; from < 4; from++)
    for (let to = 0; to < 4; to++)
      if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
  for (const word of entropy.slice(4))
    for (let to = 0; to < 4; to++) pool[to] = mix(pool[to], hash(word));
  constant = 0x8B51F9DD;
  return Array.from({ length: 8 }, (_, i) => {
    let value = pool[i % 4] ^ constant;
    constant = Math.imul(constant, 0x58F38DED);
    value = Math.imul(value, constant);
    return (value ^ (value >>> 16)) >>> 0;
  });
}

class PCG64 {
  /** @param seeds non-negative BigInts, as default_rng takes an integer or a list. */
  constructor(seeds) {
    const word = spread(seeds.flatMap(wordsOf));
    const pair = (i) => BigInt(word[2 * i]) | (BigInt(word[2 * i + 1]) << 32n);
    this.increment = (((pair(2) << 64n) | pair(3)) << 1n | 1n) & LOW128;
    this.state = this.increment + ((pair(0) << 64n) | pair(1)) & LOW128;
    this.step();
  }

  step() {
    this.state = this.state * PCG_MULTIPLIER + this.increment & LOW128;
  }

  /** The next 64 bits, a BigInt. */
  bits() {
    this.step();
    const folded = (this.state >> 64n ^ this.state) & LOW64;
    const turn = this.state >> 122n;
    return (folded >> turn | folded << (64n - turn)) & LOW64;
  }

  /** Uniform in [0, 1). */
  uniform() {
    return Number(this.bits() >> 11n) / 2 ** 53;
  }

  /** Standard normal. */
  normal() {
    const { width, inside, density, tail } = ZIGGURAT;
    for (;;) {
      const bits = this.bits();
      const layer = Number(bits & 255n);
      const distance = Number(bits >> 9n & 0xFFFFFFFFFFFFFn);
      const sign = bits >> 8n & 1n ? -1 : 1;
      const x = distance * width[layer];
      if (distance < inside[layer]) return sign * x;
      if (layer === 0) {
        const tailSign = bits >> 17n & 1n ? -1 : 1; // numpy takes another bit here
        for (;;) {
          const beyond = -Math.log1p(-this.uniform()) / tail;
          const height = -Math.log1p(-this.uniform());
          if (2 * height > beyond * beyond) return tailSign * (tail + beyond);
        }
      }
      const edge = density[layer - 1] - density[layer];
      if (edge * this.uniform() + density[layer] < Math.exp(-0.5 * x * x)) return sign * x;
    }
  }
}

/** 256 layers of equal area: their widths over 2^52, which 52-bit numbers are inside,
 * the density at their edges, where the tail begins. */
const ZIGGURAT = (() => {
  const tail = 3.6541528853610088, area = 0.0049286732339746519;
  const density = (x) => Math.exp(-0.5 * x * x);
  const x = new Float64Array(256);
  x[0] = area / density(tail);
  x[255] = tail;
  for (let i = 254; i > 0; i--)
    x[i] = Math.sqrt(-2 * Math.log(area / x[i + 1] + density(x[i + 1])));
  const inside = x.map((width, i) => (i === 1 ? 0 : x[i ? i - 1 : 255] / width * 2 ** 52));
  return {
    width: x.map((width) => width / 2 ** 52),
    inside,
    density: x.map((width, i) => (i ? density(width) : 1)),
    tail,
  };
})();

/** What `draw_noise` of dcgan_v1/sample.py draws: n latents, Float64Arrays of `size`.
 * @param kind 'normal', or 'uniform' in [-1, 1).
 * @param seed a non-negative BigInt.
 * @param truncation null, or what the numbers are kept within. */
function drawNoise(kind, n, size, seed, truncation) {
  const random = new PCG64([seed]);
  const rows = Array.from({ length: n }, () => new Float64Array(size));
  if (kind === "uniform") {
    const limit = Math.min(truncation ?? 1, 1);
    for (const row of rows)
      for (let i = 0; i < size; i++) row[i] = (-1 + 2 * random.uniform()) * limit;
    return rows;
  }
  for (const row of rows) for (let i = 0; i < size; i++) row[i] = random.normal();
  const again = new PCG64([seed, 1n]);
  for (let beyond = true; truncation && beyond;) {
    beyond = false;
    for (const row of rows)
      for (let i = 0; i < size; i++)
        if (Math.abs(row[i]) > truncation) {
          row[i] = again.normal();
          beyond = true;
        }
  }
  return rows;
}
