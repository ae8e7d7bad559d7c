// The page: what was chosen, and what is shown of it.

const model = JSON.parse(document.getElementById("model").textContent);
const engine = document.getElementById("weights") ? new Workers(model) : new Live();
const DRAWS = 24, FRAMES = 16, LETTERS = "ABC";
const [HEIGHT, WIDTH] = model.shape;
const DEVIATION = model.noise === "normal" ? 1 : Math.sqrt(1 / 3); // of the noise

const byId = (id) => document.getElementById(id);
const state = {
  seed: 0n,
  truncation: null,
  draws: [], // latents of the grid
  chosen: [], // at most three: {z, name, pixels}
  way: 0.5,
  amounts: model.directions.map(() => 0),
  lastMoved: 0,
  shown: null, // {z, pixels}: what the picture is
};

function say(text, failed = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("failed", failed);
}

const report = (error) => say(error.message, true);

function paint(canvas, pixels) {
  canvas.getContext("2d").putImageData(new ImageData(pixels, WIDTH, HEIGHT), 0, 0);
}

// ---- the grid ----

function makeGrid() {
  for (let i = 0; i < DRAWS; i++) {
    const button = document.createElement("button");
    button.append(Object.assign(document.createElement("canvas"),
      { width: WIDTH, height: HEIGHT }), document.createElement("b"));
    button.tabIndex = i ? -1 : 0; // one stop of the Tab key; arrows move inside
    button.addEventListener("click", () => choose(i));
    byId("grid").append(button);
  }
  byId("grid").addEventListener("focusin", ({ target }) => {
    for (const button of byId("grid").children)
      button.tabIndex = button === target ? 0 : -1;
  });
  byId("grid").addEventListener("keydown", (event) => {
    const buttons = [...byId("grid").children], at = buttons.indexOf(event.target);
    const top = buttons[0].offsetTop;
    const columns = buttons.filter((button) => button.offsetTop === top).length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    const next = buttons[at + step[event.key]];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

async function drawGrid() {
  engine.forget();
  const { seed, truncation } = state;
  const draws = drawNoise(model.noise, DRAWS, model.z_dim, seed, truncation);
  state.draws = draws;
  for (const button of byId("grid").children) button.ariaDisabled = true; // until drawn
  byId("command").textContent = `python scripts/sample.py ${model.option} ` +
    `--seed ${seed} --n ${DRAWS} --bn ${model.bn}` +
    (truncation ? ` --truncation ${truncation}` : "");
  markChosen();
  if (state.shown) say("Drawing …"); // or it is loading still
  const times = await Promise.all(draws.map(async (z, i) => {
    const drawn = await engine.draw(z);
    if (state.draws !== draws || !drawn) return null;
    const button = byId("grid").children[i];
    paint(button.firstChild, drawn.pixels);
    button.ariaDisabled = false;
    return drawn.ms;
  }));
  if (state.draws !== draws) return;
  const median = times.sort((a, b) => a - b)[DRAWS >> 1];
  say(`Ready: ${median.toFixed(0)} ms an image.`);
}

/** A draw is chosen, or, if it was, no longer; a fourth begins anew. */
function choose(i) {
  if (byId("grid").children[i].ariaDisabled === "true") return; // shows another yet
  const z = state.draws[i], had = state.chosen.findIndex((one) => one.z === z);
  if (had >= 0) state.chosen.splice(had, 1);
  else {
    if (state.chosen.length === 3) state.chosen = [];
    state.chosen.push({ z, name: `draw ${i + 1} of seed ${state.seed}` });
  }
  chosenChanged();
}

function chosenChanged() {
  markChosen();
  showSlots();
  byId("way").disabled = state.chosen.length !== 2;
  showPicture();
}

function markChosen() {
  [...byId("grid").children].forEach((button, i) => {
    const at = state.chosen.findIndex((one) => one.z === state.draws[i]);
    button.setAttribute("aria-pressed", at >= 0);
    button.setAttribute("aria-label",
      `draw ${i + 1}${at >= 0 ? `, chosen as ${LETTERS[at]}` : ""}`);
    button.lastChild.textContent = LETTERS[at] ?? "";
    button.lastChild.hidden = at < 0;
  });
}

function showSlots() {
  byId("slots").replaceChildren(...state.chosen.map((one, i) => {
    const canvas = Object.assign(document.createElement("canvas"),
      { width: WIDTH, height: HEIGHT });
    one.pixels ??= engine.draw(one.z, true).then((drawn) => drawn.pixels);
    one.pixels.then((pixels) => paint(canvas, pixels)).catch((error) => {
      one.pixels = null; // asked for again with the next choice
      report(error);
    });
    const slot = document.createElement("span");
    slot.append(LETTERS[i], canvas);
    slot.title = one.name;
    return slot;
  }));
}

// ---- the picture ----

/** The chosen latents put together, before directions are added. */
function basis(way = state.way) {
  const [a, b, c] = state.chosen.map(({ z }) => z);
  if (c) return arithmetic(a, b, c);
  if (b) return between(a, b, way);
  return a ?? state.draws[0];
}

function latent(way, amounts = state.amounts) {
  const vectors = model.directions.map(({ vector }) => vector);
  return moved(basis(way), vectors, amounts, DEVIATION);
}

function described() {
  const names = state.chosen.map(({ name }) => name);
  if (names.length === 3) return "A − B + C";
  if (names.length === 2) return `${Math.round(state.way * 100)}% of the way from A to B`;
  return names[0] ?? `draw 1 of seed ${state.seed}`;
}

let drawing = false, again = false;
/** Shows the newest state; states that were passed over while drawing are left out. */
async function showPicture() {
  byId("what").textContent = described();
  byId("picture").setAttribute("aria-label", described());
  byId("way").nextElementSibling.textContent =
    byId("way").disabled ? "" : `${Math.round(state.way * 100)}%`;
  again = true;
  if (drawing) return;
  drawing = true;
  while (again) {
    again = false;
    const z = latent();
    try {
      const { pixels } = await engine.draw(z, true);
      paint(byId("picture"), pixels);
      state.shown = { z, pixels };
      for (const id of ["png", "gif", "json"]) byId(id).disabled = false;
      if (byId("status").classList.contains("failed")) say("Ready again.");
    } catch (error) {
      report(error);
    }
  }
  drawing = false;
}

function makeDirections() {
  model.directions.forEach(({ name }, k) => {
    const row = document.createElement("div"), id = `direction${k}`;
    row.className = "slider";
    row.innerHTML = `<label for="${id}"></label><input id="${id}" type="range" ` +
      `min="-4" max="4" step="0.1" value="0"><output for="${id}">0.0</output>`;
    row.firstChild.textContent = name;
    row.children[1].addEventListener("input", ({ target }) => {
      state.amounts[k] = Number(target.value);
      state.lastMoved = k;
      row.lastChild.textContent = state.amounts[k].toFixed(1);
      showPicture();
    });
    byId("directions").append(row);
  });
}

function resetDirections() {
  state.amounts.fill(0);
  for (const row of byId("directions").children) {
    row.children[1].value = 0;
    row.lastChild.textContent = "0.0";
  }
  showPicture();
}

// ---- seed and truncation ----

function takeSeed() {
  const text = byId("seed").value.trim(), valid = /^\d{1,40}$/.test(text);
  byId("seed").setAttribute("aria-invalid", !valid);
  if (!valid) return say("A seed is a whole number, 0 or more.", true);
  state.seed = BigInt(text);
  return redraw();
}

function redraw() {
  const grid = drawGrid().catch(report);
  if (!state.chosen.length) showPicture();
  return grid;
}

async function copySeed() {
  byId("seed").value = state.seed;
  let copied = true;
  try {
    await navigator.clipboard.writeText(byId("seed").value);
  } catch { // no clipboard here: the old way
    byId("seed").select();
    copied = document.execCommand("copy");
  }
  if (copied) say(`Copied seed ${state.seed}.`);
  else say("This browser lets no page copy; the seed is marked.", true);
}

function start() {
  makeGrid();
  makeDirections();
  byId("seed").addEventListener("change", takeSeed);
  byId("another").addEventListener("click", () => {
    [byId("seed").value] = crypto.getRandomValues(new Uint32Array(1));
    takeSeed();
  });
  byId("copy").addEventListener("click", copySeed);
  byId("truncation").addEventListener("input", ({ target }) => {
    const off = target.value === target.max;
    state.truncation = off ? null : Number(target.value);
    target.nextElementSibling.textContent = off ? "off" : target.value;
    redraw();
  });
  byId("way").addEventListener("input", ({ target }) => {
    state.way = Number(target.value);
    showPicture();
  });
  byId("reset").addEventListener("click", resetDirections);
  byId("png").addEventListener("click", savePng);
  byId("gif").addEventListener("click", () => saveGif().catch(report));
  byId("json").addEventListener("click", saveLatent);
  byId("open").addEventListener("change", (event) => openLatent(event).catch(report));
  redraw();
}

start();
