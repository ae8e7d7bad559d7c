// Files that the page gives and takes: PNG, GIF, latents.

function save(blob, ending) {
  const link = Object.assign(document.createElement("a"),
    { href: URL.createObjectURL(blob), download: `${model.system}.${ending}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  say(`Saved ${link.download}.`);
}

function savePng() {
  byId("picture").toBlob((blob) => save(blob, "png"), "image/png");
}

/** The way from A to B and back; with other choices, along the direction last moved. */
async function saveGif() {
  if (state.chosen.length !== 2 && !model.directions.length)
    return say("A GIF goes from one draw to another: choose two.", true);
  const steps = Array.from({ length: FRAMES }, (_, i) => i / (FRAMES - 1));
  const latents = steps.map((t) => {
    if (state.chosen.length === 2) return latent(t);
    return latent(state.way, state.amounts.with(state.lastMoved, 8 * t - 4));
  });
  const frames = [];
  for (const z of latents) {
    say(`Drawing frame ${frames.length + 1} of ${FRAMES} …`);
    frames.push((await engine.draw(z, true)).pixels);
  }
  const thereAndBack = [...frames, ...frames.slice(1, -1).reverse()];
  const bytes = gifBytes(thereAndBack, WIDTH, HEIGHT);
  return save(new Blob([bytes], { type: "image/gif" }), "gif");
}

function saveLatent() {
  const { system, bn } = model;
  const file = { system, bn, z: [Array.from(state.shown.z)] };
  save(new Blob([JSON.stringify(file)], { type: "application/json" }), "json");
}

async function openLatent({ target }) {
  const [file] = target.files;
  target.value = ""; // the same file may be chosen again
  if (!file) return;
  const z = readLatent(await file.text(), model);
  state.chosen = [{ z, name: file.name }];
  resetDirections();
  chosenChanged();
  say(`Opened ${file.name}.`);
}
