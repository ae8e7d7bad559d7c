// The large picture: the chosen draws put together, moved along directions.

/** The chosen latents put together, before directions are added. */
function basis(way = state.way) {
  const [a, b, c] = state.chosen.map(({ z }) => z);
  if (c) return arithmetic(a, b, c);
  if (b) return between(a, b, way);
  return a ?? state.draws[0].z;
}

function latent(way, amounts = state.amounts) {
  const vectors = model.directions.map(({ vector }) => vector);
  return moved(basis(way), vectors, amounts, DEVIATION);
}

/** All that was done to make the picture, in words. */
function described() {
  const [a, b, c] = state.chosen.map(({ name }) => name);
  const way = `${Math.round(state.way * 100)}% of the way from A to B`;
  let text = a ?? state.draws[0].name;
  if (b) text = `${way}: from ${a} to ${b}`;
  if (c) text = `A − B + C: ${a} − ${b} + ${c}`;
  const moves = model.directions.map(({ name }, k) => [name, state.amounts[k]])
    .filter(([, amount]) => amount)
    .map(([name, amount]) => `${name} ${amount > 0 ? "+" : "−"}${Math.abs(amount).toFixed(1)}`);
  return [text, ...moves].join("; ");
}

let drawing = false, again = false;
/** Shows the newest state; states that were passed over while drawing are left out. */
async function showPicture() {
  byId("what").textContent = described();
  byId("picture").setAttribute("aria-label", described());
  byId("way").nextElementSibling.textContent =
    byId("way").disabled ? "" : `${Math.round(state.way * 100)}%`;
  writeAddress();
  again = true;
  if (drawing) return;
  drawing = true;
  while (again) {
    again = false;
    const z = latent();
    try {
      const { pixels, score } = await engine.draw(z, true);
      paint(byId("picture"), pixels);
      state.shown = { z, pixels };
      byId("score").textContent = percent(score) && `D's score: ${percent(score)} real`;
      for (const id of ["png", "gif", "json"]) byId(id).disabled = false;
      answered("picture");
    } catch (error) {
      complain("picture", error.message, showPicture);
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
      state.lastMoved = k;
      move(k, Number(target.value));
      showPicture();
    });
    byId("directions").append(row);
  });
  byId("moves").hidden = !model.directions.length;
}

/** Sets a direction, and its slider, to so many standard deviations. */
function move(k, amount) {
  state.amounts[k] = amount;
  const row = byId("directions").children[k];
  row.children[1].value = amount;
  row.lastChild.textContent = amount.toFixed(1);
}

function resetDirections() {
  state.amounts.forEach((_, k) => move(k, 0));
  showPicture();
}
