// The grid of draws, and which of them are chosen.

const DRAWS = 24, LETTERS = "ABC";

const newCanvas = () =>
  Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });

function paint(canvas, pixels) {
  canvas.getContext("2d").putImageData(new ImageData(pixels, WIDTH, HEIGHT), 0, 0);
}

/** D's probability that an image is real, as it is shown. */
function percent(score) {
  if (!Number.isFinite(score)) return "";
  if (score < 0.005) return "<1%";
  return score > 0.995 ? ">99%" : `${Math.round(100 * score)}%`;
}

/** Text for who hears the page; it is not seen. */
const unseen = (text) =>
  Object.assign(document.createElement("span"), { className: "unseen", textContent: text });

/** Shows D's score in an element. */
function showScore(element, score) {
  element.replaceChildren(...(percent(score) ? ["D", unseen("'s score"), ` ${percent(score)}`] : []));
}

/** A draw of a seed. Its key stands for it in the address. */
function drawOf(i, z, seed, truncation) {
  const within = truncation ? `, truncation ${truncation}` : "";
  return {
    z,
    key: [i + 1, seed, ...(truncation ? [truncation] : [])].join(","),
    name: `draw ${i + 1} of seed ${seed}${within}`,
  };
}

const noiseOf = (seed, truncation) =>
  drawNoise(model.noise, DRAWS, model.z_dim, seed, truncation);

function makeGrid() {
  const grid = byId("grid");
  for (let i = 0; i < DRAWS; i++) {
    const button = document.createElement("button");
    const score = Object.assign(document.createElement("span"), { className: "score" });
    const letter = document.createElement("b"), chosen = document.createElement("span");
    letter.append(unseen("chosen as "), chosen);
    button.append(newCanvas(), unseen(`draw ${i + 1} `), letter, " ", score);
    button.tabIndex = i ? -1 : 0; // one stop of the Tab key; arrows move inside
    button.addEventListener("click", () => choose(i));
    grid.append(button);
  }
  grid.addEventListener("focusin", ({ target }) => {
    for (const button of grid.children) button.tabIndex = button === target ? 0 : -1;
  });
  grid.addEventListener("keydown", (event) => {
    const buttons = [...grid.children], at = buttons.indexOf(event.target);
    const top = buttons[0].offsetTop;
    const columns = buttons.filter((button) => button.offsetTop === top).length;
    const next = {
      ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - columns, ArrowDown: at + columns,
      Home: 0, End: DRAWS - 1,
    }[event.key];
    if (!buttons[next]) return;
    event.preventDefault();
    buttons[next].focus();
  });
}

async function drawGrid() {
  engine.forget();
  const { seed, truncation } = state;
  const latents = noiseOf(seed, truncation);
  const draws = latents.map((z, i) => drawOf(i, z, seed, truncation));
  state.draws = draws;
  const buttons = byId("grid").children;
  for (const button of buttons) button.ariaDisabled = true; // until drawn
  byId("command").textContent = `python scripts/sample.py ${model.option} ` +
    `--seed ${seed} --n ${DRAWS} --bn ${model.bn}` +
    (truncation ? ` --truncation ${truncation}` : "");
  markChosen();
  if (state.shown) say("Drawing …"); // or it is loading still
  try {
    const times = await Promise.all(draws.map(async (draw, i) => {
      const drawn = await engine.draw(draw.z);
      if (state.draws !== draws || !drawn) return null;
      paint(buttons[i].firstChild, drawn.pixels);
      draw.score = drawn.score;
      showScore(buttons[i].lastChild, drawn.score);
      buttons[i].ariaDisabled = false;
      return drawn.ms;
    }));
    if (state.draws !== draws) return;
    answered("draws");
    const median = times.sort((a, b) => a - b)[DRAWS >> 1];
    say(`Ready: ${median.toFixed(0)} ms an image.`);
  } catch (error) {
    if (state.draws === draws) complain("draws", error.message, redraw);
  }
}

/** A draw is chosen, or, if it was, put back; a fourth begins anew. */
function choose(i) {
  if (byId("grid").children[i].ariaDisabled === "true") return; // shows another yet
  const draw = state.draws[i], at = state.chosen.findIndex(({ key }) => key === draw.key);
  if (at >= 0) return putBack(at);
  if (state.chosen.length === LETTERS.length) state.chosen = [];
  state.chosen.push(draw);
  return chosenChanged();
}

function putBack(at) {
  state.chosen.splice(at, 1);
  chosenChanged();
}

function putAllBack() {
  state.chosen = [];
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
    const at = state.chosen.findIndex(({ key }) => key === state.draws[i].key);
    const letter = button.querySelector("b");
    button.setAttribute("aria-pressed", at >= 0);
    letter.lastChild.textContent = LETTERS[at] ?? "";
    letter.hidden = at < 0;
  });
}

function showSlots() {
  answered("chosen");
  byId("slots").replaceChildren(...state.chosen.map((draw, at) => {
    const canvas = newCanvas(), score = document.createElement("span");
    draw.drawn ??= engine.draw(draw.z, true);
    draw.drawn.then(({ pixels, score: of }) => {
      paint(canvas, pixels);
      showScore(score, of);
    }).catch((error) => {
      draw.drawn = null; // asked for again with the next choice
      complain("chosen", error.message, chosenChanged);
    });
    const back = Object.assign(document.createElement("button"), { textContent: "×" });
    back.setAttribute("aria-label", `Put back ${LETTERS[at]}, ${draw.name}`);
    back.addEventListener("click", () => {
      putBack(at);
      const left = byId("slots").querySelectorAll("button");
      (left[Math.min(at, left.length - 1)] ?? byId("grid").querySelector("[tabindex='0']"))
        .focus();
    });
    const slot = document.createElement("span"), name = document.createElement("span");
    name.textContent = draw.name;
    slot.append(LETTERS[at], canvas, name, score, back);
    return slot;
  }));
  byId("none-chosen").hidden = state.chosen.length > 0;
}
