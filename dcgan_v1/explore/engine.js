// Who computes images: two workers of the browser's, or the Python process behind the
// page. Both have `draw(z, first)`, which promises {pixels (RGBA), score (D's probability
// that the image is real, NaN without a D), ms}, and `forget()`.

const WORKERS = 2;

class Workers {
  constructor(model) {
    const text = document.getElementById("worker").textContent;
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const [weights, judgeWeights] = ["weights", "judge-weights"].map((id) =>
      document.getElementById(id).textContent);
    this.waiting = [];
    this.free = [];
    for (let i = 0; i < WORKERS; i++) {
      const worker = new Worker(url);
      worker.postMessage({ model, weights, judgeWeights });
      this.free.push(worker);
    }
  }

  /** @param first whether it goes before all that waits. */
  draw(z, first = false) {
    return new Promise((resolve, reject) => {
      const order = { z, first, resolve, reject };
      if (first) this.waiting.unshift(order);
      else this.waiting.push(order);
      this.next();
    });
  }

  next() {
    if (!this.free.length || !this.waiting.length) return;
    const worker = this.free.pop(), { z, resolve, reject } = this.waiting.shift();
    const done = (settle, value) => {
      this.free.push(worker);
      settle(value);
      this.next();
    };
    worker.onmessage = ({ data }) => done(resolve, data);
    worker.onerror = (event) => done(reject, new Error(
      `This browser cannot compute the images: ${event.message}. It takes one of 2023 ` +
      "or later (WebAssembly SIMD)."));
    worker.postMessage({ z });
  }

  /** Gives up what waits, but for what goes first: the grid shows something else now.
   * Its promises give null. */
  forget() {
    const givenUp = this.waiting.filter(({ first }) => !first);
    this.waiting = this.waiting.filter(({ first }) => first);
    for (const { resolve } of givenUp) resolve(null);
  }
}

class Live {
  constructor() {
    this.last = Promise.resolve();
    this.epoch = 0;
  }

  draw(z, first = false) {
    if (first) return this.ask(z);
    const epoch = this.epoch;
    const ask = () => (epoch === this.epoch ? this.ask(z) : null);
    this.last = this.last.then(ask, ask); // also after one that failed
    return this.last;
  }

  async ask(z) {
    const start = performance.now();
    let answer;
    try {
      answer = await fetch("draw", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ z: Array.from(z) }),
      });
    } catch {
      throw new Error("The Python process has ended; start explore.py again.");
    }
    if (!answer.ok) throw new Error(await answer.text()); // a sentence
    const pixels = new Uint8ClampedArray(await answer.arrayBuffer());
    const score = Number(answer.headers.get("Score") ?? NaN);
    return { pixels, score, ms: performance.now() - start };
  }

  forget() {
    this.epoch += 1;
  }
}
