// A training as it went: the same noise and the curves, step by step, linked.

const PLAYING = 250; // milliseconds a frame
let plots = [], playing = 0;

const frames = () => model.training?.frames ?? [];

/** The step that is shown, null where it is the last or there is none. */
function shownStep() {
  if (!frames().length) return null;
  const at = Number(byId("step").value);
  return at === frames().length - 1 ? null : frames()[at].step;
}

/** Shows the frame nearest to a step, the last one for null. */
function showStep(step) {
  if (!frames().length) return;
  const distances = frames().map((frame) => Math.abs(frame.step - (step ?? Infinity)));
  const at = step === null ? frames().length - 1 : distances.indexOf(Math.min(...distances));
  byId("step").value = at;
  showFrame();
}

function showFrame() {
  const at = Number(byId("step").value), { step, url } = frames()[at];
  const last = frames().at(-1).step, text = `step ${step} of ${last}`;
  byId("frame").src = url;
  byId("frame").alt = `images of one fixed noise at ${text}`;
  byId("step").setAttribute("aria-valuetext", text);
  byId("step").nextElementSibling.textContent = step;
  byId("when").textContent = `${text[0].toUpperCase()}${text.slice(1)}, ` +
    `picture ${at + 1} of ${frames().length}.`;
  for (const { mark } of plots) mark(step);
}

function play() {
  if (playing) return stop();
  if (Number(byId("step").value) === frames().length - 1) byId("step").value = 0;
  byId("play").textContent = "Stop";
  playing = setInterval(() => {
    byId("step").value = Number(byId("step").value) + 1;
    showFrame();
    if (Number(byId("step").value) === frames().length - 1) stop();
  }, PLAYING);
  return showFrame();
}

function stop() {
  clearInterval(playing);
  playing = 0;
  byId("play").textContent = "Play";
  writeAddress();
}

function startTraining() {
  if (!frames().length) return;
  const { curves } = model.training;
  const steps = [...frames().map(({ step }) => step),
    ...curves.flatMap(({ points }) => points.map(([step]) => step))];
  const last = Math.max(...steps);
  const goTo = (step) => {
    if (playing) stop();
    showStep(step);
    writeAddress();
  };
  plots = [...new Set(curves.map(({ group }) => group))].map((group) =>
    plot(group, curves.filter((curve) => curve.group === group), last, goTo));
  byId("plots").append(...plots.map(({ element }) => element));
  byId("step").max = frames().length - 1;
  byId("step").addEventListener("input", () => {
    if (playing) stop();
    showFrame();
    writeAddress();
  });
  byId("play").addEventListener("click", play);
}
