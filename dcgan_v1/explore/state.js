// The model, who computes it, and what was chosen.

const model = JSON.parse(document.getElementById("model").textContent);
const engine = document.getElementById("weights") ? new Workers(model) : new Live();
const [HEIGHT, WIDTH] = model.shape;
const DEVIATION = model.noise === "normal" ? 1 : Math.sqrt(1 / 3); // of the noise

const state = {
  seed: 0n,
  truncation: null,
  draws: [], // of the grid: {z, key, name, score}
  chosen: [], // at most three of them, or of a file's
  way: 0.5,
  amounts: model.directions.map(() => 0),
  lastMoved: 0,
  shown: null, // {z, pixels}: what the picture is
};
