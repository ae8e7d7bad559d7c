// The page's address holds the seed and the choice, so that a link shows the same.

let written = null, timer = 0;

/** Writes the state into the address, once it has come to rest: browsers count. */
function writeAddress() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    written = `#${addressOf()}`;
    try {
      history.replaceState(null, "", written);
    } catch { // this browser lets no page do so; "Copy link" still knows
    }
  }, 150);
}

function addressOf() {
  const words = [["seed", state.seed]];
  if (state.truncation) words.push(["truncation", state.truncation]);
  for (const { key } of state.chosen) words.push(["chosen", key]);
  if (state.chosen.length === 2) words.push(["way", state.way]);
  state.amounts.forEach((amount, k) => {
    if (amount) words.push([`direction${k}`, amount]);
  });
  if (shownStep() !== null) words.push(["step", shownStep()]);
  return new URLSearchParams(words).toString();
}

/** Takes the state from the address. What it does not say, or says wrong, is as at first. */
function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  const seed = words.get("seed") ?? "0", truncation = byId("truncation");
  const number = (name, low, high) => {
    const value = parseFloat(words.get(name));
    return value >= low && value <= high ? value : null;
  };
  byId("seed").value = seed;
  setTruncation(number("truncation", Number(truncation.min), Number(truncation.max)));
  state.chosen = words.getAll("chosen").slice(0, LETTERS.length)
    .map(chosenOf).filter((draw) => draw);
  state.way = number("way", 0, 1) ?? 0.5;
  byId("way").value = state.way;
  state.amounts.forEach((_, k) => move(k, number(`direction${k}`, -4, 4) ?? 0));
  showStep(number("step", 0, Infinity));
  takeSeed(); // which draws
  chosenChanged();
}

/** The draw that a key stands for, null where it stands for none. */
function chosenOf(key) {
  const [first, second, third] = key.split(",");
  if (first === "latent") {
    const z = fromText(third ?? "");
    return z && { z, key, name: decodeURIComponent(second) };
  }
  const i = Number(first) - 1, truncation = third === undefined ? null : Number(third);
  if (!(i >= 0 && i < DRAWS && Number.isInteger(i)) || !isSeed(second ?? "")) return null;
  if (truncation !== null && !(truncation >= 0.1)) return null;
  const seed = BigInt(second);
  return drawOf(i, noiseOf(seed, truncation)[i], seed, truncation);
}

/** The key of a latent from a file: all its numbers, as text. */
function keyOf(name, z) {
  const bytes = new Uint8Array(Float64Array.from(z).buffer);
  return `latent,${encodeURIComponent(name)},${btoa(String.fromCharCode(...bytes))}`;
}

function fromText(text) {
  let z;
  try {
    z = new Float64Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  } catch {
    return null;
  }
  return z.length === model.z_dim && z.every(Number.isFinite) ? z : null;
}

/** Copies text; the way out, where a page may not, is to select it in a field. */
async function copyText(text, field) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // no clipboard here: the old way
    field.select();
    return document.execCommand("copy");
  }
}

async function copySeed() {
  byId("seed").value = state.seed;
  answered("seed");
  if (await copyText(byId("seed").value, byId("seed"))) note("seed", `Copied seed ${state.seed}.`);
  else complain("seed", "This browser lets no page copy; the seed is marked.");
}

async function copyLink() {
  const link = location.href.split("#")[0] + `#${addressOf()}`, field = byId("link");
  Object.assign(field, { value: link, hidden: false });
  const copied = await copyText(link, field);
  if (!copied) return complain("files", "This browser lets no page copy; the link is marked.");
  field.hidden = true;
  return note("files", "Copied the link: it shows this seed and this choice.");
}
