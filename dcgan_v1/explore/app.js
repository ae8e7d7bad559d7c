// The page: what was chosen, and what is shown of it. It begins here.

/** Whether a text is a seed: a whole number, 0 or more. */
const isSeed = (text) => /^\d{1,40}$/.test(text);

function takeSeed() {
  const text = byId("seed").value.trim(), valid = isSeed(text);
  byId("seed").setAttribute("aria-invalid", !valid);
  if (!valid) {
    complain("seed", `"${text.slice(0, 40)}" is no seed: a seed is a whole number, 0 or more. ` +
      `Seed ${state.seed} is shown.`);
    if (state.draws.length) return null;
  } else {
    state.seed = BigInt(text);
    clear("seed");
  }
  return redraw();
}

/** Escape in the field: back to the seed that is shown. */
function restoreSeed() {
  byId("seed").value = state.seed;
  byId("seed").setAttribute("aria-invalid", false);
  clear("seed");
}

function redraw() {
  const grid = drawGrid();
  if (!state.chosen.length) showPicture();
  else writeAddress();
  return grid;
}

function setTruncation(value) {
  const slider = byId("truncation"), off = value === null || value >= Number(slider.max);
  state.truncation = off ? null : value;
  slider.value = off ? slider.max : value;
  slider.nextElementSibling.textContent = off ? "off" : String(value);
}

function onEscape(event) {
  if (event.key !== "Escape") return;
  if (closeHints()) return;
  if (event.target === byId("seed")) restoreSeed();
  else if (state.chosen.length && !event.target.matches("select, input")) putAllBack();
}

/** What gets the focus is scrolled to below the picture, where that stays on top. */
function keepClear() {
  const pane = byId("pane"), onTop = pane.nextElementSibling.offsetLeft === pane.offsetLeft;
  document.documentElement.style.scrollPaddingTop = onTop ? `${pane.offsetHeight + 8}px` : "";
}

function start() {
  makeGrid();
  makeDirections();
  makeSizes();
  startTraining();
  startHints();
  new ResizeObserver(keepClear).observe(byId("pane"));
  document.addEventListener("keydown", onEscape);
  byId("seed").addEventListener("change", takeSeed);
  byId("another").addEventListener("click", () => {
    [byId("seed").value] = crypto.getRandomValues(new Uint32Array(1));
    takeSeed();
  });
  byId("copy").addEventListener("click", copySeed);
  byId("truncation").addEventListener("input", ({ target }) => {
    setTruncation(Number(target.value));
    redraw();
  });
  byId("way").addEventListener("input", ({ target }) => {
    state.way = Number(target.value);
    showPicture();
  });
  byId("reset").addEventListener("click", resetDirections);
  byId("png").addEventListener("click", savePng);
  byId("gif").addEventListener("click", saveGif);
  byId("json").addEventListener("click", saveLatent);
  byId("link-copy").addEventListener("click", copyLink);
  byId("open").addEventListener("change", openLatent);
  addEventListener("hashchange", () => {
    if (location.hash !== written) readAddress();
  });
  readAddress();
}

start();
