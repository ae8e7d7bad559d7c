// Files that the page gives and takes: PNG, GIF, latents.

const FRAMES = 16; // of a GIF, one way
const SIDES = [256, 512, 1024]; // about which a picture that is shared has
const GIF_SIDE = 600; // larger GIFs are too large to send

/** The sizes to save in: whole multiples of the picture's. */
function makeSizes() {
  const multiples = SIDES.map((side) => Math.ceil(side / WIDTH));
  for (const scale of new Set([1, ...multiples])) {
    const option = new Option(`${WIDTH * scale} × ${HEIGHT * scale}`, scale);
    byId("size").append(option);
  }
  byId("size").value = multiples[1];
}

/** A canvas with a picture `scale` times as large, as the page's two menus say. */
function enlarged(pixels, scale) {
  const small = newCanvas(), large = newCanvas();
  paint(small, pixels);
  Object.assign(large, { width: WIDTH * scale, height: HEIGHT * scale });
  const context = large.getContext("2d");
  context.imageSmoothingEnabled = byId("edges").value === "smooth";
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, large.width, large.height);
  return large;
}

function save(blob, ending, about = "") {
  const link = Object.assign(document.createElement("a"),
    { href: URL.createObjectURL(blob), download: `${model.system}.${ending}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  note("files", `Saved ${link.download}${about}.`);
}

function savePng() {
  const canvas = enlarged(state.shown.pixels, Number(byId("size").value));
  const about = `, ${canvas.width} × ${canvas.height} pixels`;
  canvas.toBlob((blob) => save(blob, "png", about), "image/png");
}

/** The way from A to B and back; with other choices, along the direction last moved. */
async function saveGif() {
  if (state.chosen.length !== 2 && !model.directions.length)
    return complain("files", "A GIF goes from one draw to another: choose two.");
  const steps = Array.from({ length: FRAMES }, (_, i) => i / (FRAMES - 1));
  const latents = steps.map((t) => {
    if (state.chosen.length === 2) return latent(t);
    return latent(state.way, state.amounts.with(state.lastMoved, 8 * t - 4));
  });
  const scale = gifScale();
  try {
    const frames = [];
    for (const z of latents) {
      note("files", `Drawing frame ${frames.length + 1} of ${FRAMES} …`);
      frames.push(await gifFrame((await engine.draw(z, true)).pixels, scale));
    }
    const thereAndBack = [...frames, ...frames.slice(1, -1).reverse()];
    const [width, height] = [WIDTH * scale, HEIGHT * scale];
    const bytes = gifBytes(thereAndBack, width, height);
    return save(new Blob([bytes], { type: "image/gif" }), "gif", `, ${width} × ${height} pixels`);
  } catch (error) {
    return complain("files", error.message, saveGif);
  }
}

function gifScale() {
  const most = Math.max(1, Math.floor(GIF_SIDE / WIDTH));
  return Math.min(Number(byId("size").value), most);
}

/** A frame of a GIF; the page is not held up between two of them. */
async function gifFrame(pixels, scale) {
  await new Promise((resolve) => setTimeout(resolve));
  if (scale === 1 || byId("edges").value !== "smooth")
    return encodedFrame(pixels, WIDTH, HEIGHT, scale);
  const { width, height } = { width: WIDTH * scale, height: HEIGHT * scale };
  const large = enlarged(pixels, scale).getContext("2d").getImageData(0, 0, width, height);
  return encodedFrame(large.data, width, height);
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
  try {
    const z = readLatent(await file.text(), model);
    state.chosen = [{ z, key: keyOf(file.name, z), name: file.name }];
    state.amounts.forEach((_, k) => move(k, 0));
    chosenChanged();
    note("files", `Opened ${file.name}.`);
  } catch (error) {
    complain("files", `${file.name}: ${error.message}`);
  }
}
