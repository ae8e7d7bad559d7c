// Curves over the steps of a training, as SVG, with a mark at one step.

const SVG = "http://www.w3.org/2000/svg";
const PLOT = { width: 600, height: 180 };

const svg = (name, attributes) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

const short = (value) => String(Number(value.toPrecision(3)));

/** The value at a step, in words: of the last point up to it, of the first one before that. */
function valueAt(points, step) {
  const [at, value] = points.findLast(([of]) => of <= step) ?? points[0];
  return short(value) + (at === step ? "" : ` at step ${at}`);
}

/** A plot of the curves of one group, up to `last` steps.
 * @param goTo is called with the step that was pointed at.
 * @returns {element, mark}: mark(step) moves the mark and shows the values there. */
function plot(group, curves, last, goTo) {
  const values = curves.flatMap(({ points, reference }) =>
    [...points.map(([, value]) => value), ...(reference ? [reference[1]] : [])]);
  const low = Math.min(0, ...values), high = Math.max(...values), span = high - low || 1;
  const x = (step) => step / (last || 1) * PLOT.width;
  const y = (value) => (1 - (value - low) / span) * PLOT.height;
  const element = document.createElement("figure");
  element.className = "plot";
  element.innerHTML = '<figcaption></figcaption><div class="frame"><span class="high"></span>' +
    '<span class="low"></span><span class="first">0</span><span class="last"></span></div>' +
    '<ul class="legend"></ul>';
  element.querySelector("figcaption").textContent = group;
  element.querySelector(".high").textContent = short(high);
  element.querySelector(".low").textContent = short(low);
  element.querySelector(".last").textContent = `step ${last}`;
  const picture = svg("svg", { viewBox: `0 0 ${PLOT.width} ${PLOT.height}`,
    preserveAspectRatio: "none", "aria-hidden": "true" });
  const line = svg("line", { class: "mark", y1: 0, y2: PLOT.height });
  const shown = curves.map(({ name, text, points, reference }, i) => {
    if (reference) picture.append(svg("line", { class: `curve c${i} reference`,
      x1: 0, x2: PLOT.width, y1: y(reference[1]), y2: y(reference[1]) }));
    picture.append(svg("polyline", { class: `curve c${i}`,
      points: points.map(([step, value]) => `${x(step)},${y(value)}`).join(" ") }));
    return { points, output: legend(element, i, name, text, reference) };
  });
  picture.append(line);
  const point = (event) => {
    const { left, width } = picture.getBoundingClientRect();
    goTo(Math.min(1, Math.max(0, (event.clientX - left) / width)) * last);
  };
  picture.addEventListener("pointerdown", (event) => {
    picture.setPointerCapture(event.pointerId);
    point(event);
  });
  picture.addEventListener("pointermove", (event) => event.buttons && point(event));
  element.querySelector(".frame").append(picture);
  return {
    element,
    mark(step) {
      line.setAttribute("x1", x(step));
      line.setAttribute("x2", x(step));
      for (const { points, output } of shown) output.textContent = valueAt(points, step);
    },
  };
}

/** Adds a curve's line to the legend. @returns where its value goes. */
function legend(element, i, name, text, reference) {
  const row = document.createElement("li");
  row.innerHTML = `<svg class="key" viewBox="0 0 24 8" aria-hidden="true">` +
    `<line class="curve c${i}" x1="0" y1="4" x2="24" y2="4"/></svg>` +
    "<span></span> <output></output> <small></small>";
  const [, label, output, about] = row.children;
  label.textContent = name;
  about.textContent = text + (reference ? ` (${reference[0]}: ${short(reference[1])})` : "");
  element.querySelector(".legend").append(row);
  return output;
}
