// What is done with latents, Float64Arrays.

const lengthOf = (a) => Math.hypot(...a);

/** On the great circle from a (t = 0) to b (t = 1), lengths interpolated as well: noise
 * lies near a sphere (White 2016); as `interpolate` of dcgan_v1/sample.py. */
function between(a, b, t) {
  const [la, lb] = [lengthOf(a), lengthOf(b)];
  const cosine = a.reduce((sum, x, i) => sum + x * b[i], 0) / (la * lb);
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  const sine = Math.sin(angle);
  if (!(sine >= 1e-6)) return a.map((x, i) => (1 - t) * x + t * b[i]);
  const [wa, wb] = [Math.sin((1 - t) * angle) / la, Math.sin(t * angle) / lb];
  const length = (1 - t) * la + t * lb;
  return a.map((x, i) => (wa * x + wb * b[i]) / sine * length);
}

/** a - b + c, as long as they are on average, or the generator sees what it never saw. */
function arithmetic(a, b, c) {
  const sum = a.map((x, i) => x - b[i] + c[i]);
  const length = (lengthOf(a) + lengthOf(b) + lengthOf(c)) / 3;
  const scale = length / (lengthOf(sum) || 1);
  return sum.map((x) => x * scale);
}

/** z moved along unit vectors by so many standard deviations of the noise each. */
function moved(z, directions, amounts, deviation) {
  return z.map((x, i) => directions.reduce(
    (sum, direction, k) => sum + amounts[k] * deviation * direction[i], x));
}

/** The latent in a file that this page or its like saved, the first if there are more.
 * @throws Error with a sentence, where it is of another system or none at all. */
function readLatent(text, model) {
  let file;
  try {
    file = JSON.parse(text);
  } catch {
    throw new Error("This is no JSON file of latents.");
  }
  if (file?.system !== model.system)
    throw new Error(`These latents are of ${file?.system ?? "no system"}, ` +
      `not of ${model.system}.`);
  const z = file.z?.[0];
  if (!Array.isArray(z) || z.length !== model.z_dim || !z.every(Number.isFinite))
    throw new Error(`The file holds no latent of ${model.z_dim} numbers.`);
  return Float64Array.from(z);
}
