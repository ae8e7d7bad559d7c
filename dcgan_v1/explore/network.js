// The generator, in a worker of its own so that the page never stands still. It computes
// one image at a time; feature maps are [height, width, channels], as in TensorFlow.

/** The numbers of packed weights: float16 or float32, little-endian. */
function unpack(bytes, { offset, count, half }) {
  const at = bytes.buffer.slice(offset, offset + count * (half ? 2 : 4));
  if (!half) return new Float32Array(at);
  const halves = new Uint16Array(at), numbers = new Float32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = FLOAT16[halves[i]];
  return numbers;
}

/** Every float16 by its bits. */
const FLOAT16 = Float32Array.from({ length: 65536 }, (_, bits) => {
  const exponent = bits >> 10 & 31, fraction = bits & 1023;
  const size = exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24;
  return bits & 0x8000 ? -size : size;
});

/** How many zeros SAME puts before a map of `size`: the odd one goes behind. */
function padBefore(size, kernel, stride) {
  const total = (Math.ceil(size / stride) - 1) * stride + kernel - size;
  return Math.max(total, 0) >> 1;
}

const upTo = (n, unit) => Math.ceil(n / unit) * unit;

class Network {
  /** @param layers as packing.py describes them, @param bytes their weights. */
  constructor(layers, bytes) {
    this.layers = layers.map((layer) => ({ ...layer }));
    let numbers = 0; // of the memory, in float32
    const reserve = (count) => {
      const address = numbers;
      numbers += upTo(count, 4); // of 16 bytes
      return address;
    };
    for (const layer of this.layers) {
      for (const [name, place] of Object.entries(layer.weights))
        layer[name] = unpack(bytes, place);
      if (!layer.w) continue;
      [layer.rows, layer.depth, layer.columns] = product(layer);
      layer.padded = upTo(layer.columns, COLUMNS_AT_ONCE);
      layer.panels = reserve(layer.padded * layer.depth);
    }
    const withWeights = this.layers.filter((layer) => layer.w);
    const largest = (count) => Math.max(...withWeights.map(count));
    const rows = (layer) => upTo(layer.rows, ROWS_AT_ONCE);
    const left = reserve(largest((layer) => rows(layer) * layer.depth));
    const out = reserve(largest((layer) => rows(layer) * layer.padded));
    const pages = Math.ceil(numbers * 4 / 65536);
    const memory = new WebAssembly.Memory({ initial: pages });
    const module = new WebAssembly.Module(multiplyModule());
    const { multiply } = new WebAssembly.Instance(module, { page: { memory } }).exports;
    this.memory = new Float32Array(memory.buffer);
    this.left = this.memory.subarray(left, out);
    this.out = this.memory.subarray(out);
    this.multiply = ({ rows, depth, padded, panels }) =>
      multiply(left * 4, panels * 4, out * 4, upTo(rows, ROWS_AT_ONCE), depth, padded);
    for (const layer of withWeights) {
      layToPanels(layer, this.memory);
      delete layer.w;
    }
  }

  /** @param z latent, @returns what the last layer gives, float32. */
  run(z) {
    let x = Float32Array.from(z);
    for (const layer of this.layers) x = LAYERS[layer.kind](x, layer, this);
    return x;
  }
}

/** [rows, depth, columns] of the matrix product in a layer with weights. */
function product({ kind, below, above, size, w }) {
  if (kind === "linear") return [1, below[0], above[0]];
  if (kind === "conv2d_transpose") {
    const [height, width, channels] = below;
    return [height * width, channels, size * size * above[2]];
  }
  const depth = w.length / above[2];
  return [above[0] * above[1], depth, above[2]];
}

/** Puts weights [depth, columns] where `multiply` wants them, zeros behind. */
function layToPanels({ w, depth, columns, panels }, memory) {
  let target = panels;
  for (let first = 0; first < columns; first += COLUMNS_AT_ONCE) {
    const width = Math.min(COLUMNS_AT_ONCE, columns - first);
    for (let k = 0; k < depth; k++, target += COLUMNS_AT_ONCE)
      for (let n = 0; n < width; n++)
        memory[target + n] = w[k * columns + first + n];
  }
}

/** Adds a bias, where there is one, to the last dimension. */
function addBias(y, bias) {
  if (bias) for (let i = 0; i < y.length; i++) y[i] += bias[i % bias.length];
  return y;
}

const LAYERS = {
  linear(x, layer, network) {
    network.left.set(x);
    network.multiply(layer);
    return addBias(network.out.slice(0, layer.columns), layer.b);
  },

  conv2d(x, layer, network) {
    const { stride, size, padding, rows, columns, padded } = layer;
    const [height, width] = layer.below;
    const pads = [height, width].map((side) =>
      padding === "SAME" ? padBefore(side, size, stride) : 0);
    takePatches(x, layer, pads, network.left);
    network.multiply(layer);
    const y = new Float32Array(rows * columns);
    for (let row = 0; row < rows; row++)
      for (let n = 0; n < columns; n++)
        y[row * columns + n] = network.out[row * padded + n];
    return addBias(y, layer.b);
  },

  /** The gradient of a convolution: every place below adds a patch above. */
  conv2d_transpose(x, layer, network) {
    network.left.set(x);
    network.multiply(layer);
    return addBias(addPatches(network.out, layer), layer.b);
  },

  /** TensorFlow 1's bilinear resize to twice the sides: a pixel, then the mean of it and
   * the next; the last one is repeated. */
  grow(x, { below: [height, width, channels] }) {
    const y = new Float32Array(4 * x.length);
    for (let i = 0; i < 2 * height; i++)
      for (let j = 0; j < 2 * width; j++) {
        const top = i >> 1, first = j >> 1;
        const bottom = i & 1 ? Math.min(top + 1, height - 1) : top;
        const last = j & 1 ? Math.min(first + 1, width - 1) : first;
        for (let c = 0; c < channels; c++) {
          const at = (row, column) => x[(row * width + column) * channels + c];
          y[(i * 2 * width + j) * channels + c] =
            (at(top, first) + at(top, last) + at(bottom, first) + at(bottom, last)) / 4;
        }
      }
    return y;
  },

  /** Batch norm by its averages. */
  scale_and_shift(x, { scale, shift }) {
    for (let i = 0, c = 0; i < x.length; i++, c = c + 1 === scale.length ? 0 : c + 1)
      x[i] = x[i] * scale[c] + shift[c];
    return x;
  },

  /** Means of squares that lie side by side; one that reaches over the edge has fewer. */
  avg_pool(x, { below: [height, width, channels], above, size }) {
    const y = new Float32Array(above[0] * above[1] * channels);
    for (let i = 0; i < above[0]; i++)
      for (let j = 0; j < above[1]; j++) {
        const bottom = Math.min((i + 1) * size, height), right = Math.min((j + 1) * size, width);
        const count = (bottom - i * size) * (right - j * size);
        for (let c = 0; c < channels; c++) {
          let sum = 0;
          for (let row = i * size; row < bottom; row++)
            for (let column = j * size; column < right; column++)
              sum += x[(row * width + column) * channels + c];
          y[(i * above[1] + j) * channels + c] = sum / count;
        }
      }
    return y;
  },

  relu: (x) => x.map((value) => Math.max(value, 0)),
  leaky_relu: (x, { slope }) => x.map((value) => (value > 0 ? value : slope * value)),
  tanh: (x) => x.map(Math.tanh),
  sigmoid: (x) => x.map((value) => 1 / (1 + Math.exp(-value))),
};

/** Lays the patch under every place of the map above into a row. */
function takePatches(x, { stride, size, below, above }, pads, rows) {
  const [height, width, channels] = below;
  let target = 0;
  for (let i = 0; i < above[0]; i++)
    for (let j = 0; j < above[1]; j++)
      for (let dy = 0; dy < size; dy++)
        for (let dx = 0; dx < size; dx++, target += channels) {
          const y = i * stride + dy - pads[0], column = j * stride + dx - pads[1];
          const inside = y >= 0 && y < height && column >= 0 && column < width;
          const source = (y * width + column) * channels;
          for (let c = 0; c < channels; c++)
            rows[target + c] = inside ? x[source + c] : 0;
        }
}

/** Adds every row [size, size, channels] to the map above, where its place is. */
function addPatches(rows, { stride, size, padding, below, above, padded }) {
  const [height, width, channels] = above;
  const before = padding === "SAME" ? Math.max(size - stride, 0) >> 1 : 0;
  const y = new Float32Array(height * width * channels);
  for (let i = 0; i < below[0]; i++)
    for (let j = 0; j < below[1]; j++) {
      const row = (i * below[1] + j) * padded;
      for (let dy = 0; dy < size; dy++) {
        const top = i * stride + dy - before;
        if (top < 0 || top >= height) continue;
        for (let dx = 0; dx < size; dx++) {
          const left = j * stride + dx - before;
          if (left < 0 || left >= width) continue;
          const target = (top * width + left) * channels;
          const source = row + (dy * size + dx) * channels;
          for (let c = 0; c < channels; c++) y[target + c] += rows[source + c];
        }
      }
    }
  return y;
}

/** @returns pixels, RGBA, of an image with 1 or 3 channels in [low, high]. */
function toPixels(image, channels, [low, high]) {
  const pixels = new Uint8ClampedArray(image.length / channels * 4).fill(255);
  for (let i = 0; i < pixels.length / 4; i++)
    for (let c = 0; c < 3; c++) {
      const value = image[i * channels + (channels === 1 ? 0 : c)];
      pixels[4 * i + c] = (value - low) / (high - low) * 255; // rounds half to even
    }
  return pixels;
}

/** The bytes of base64. */
function decode(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

let network, judge, model;
/** Messages: {model, weights, judgeWeights (base64)} once, then {z}; answers:
 * {pixels, score, ms}. */
onmessage = ({ data }) => {
  if (data.model) {
    model = data.model;
    network = new Network(model.layers, decode(data.weights));
    if (model.judge) judge = new Network(model.judge, decode(data.judgeWeights));
    return;
  }
  const start = performance.now();
  const image = network.run(data.z);
  const pixels = toPixels(image, model.shape[2], model.range);
  const score = judge ? 1 / (1 + Math.exp(-judge.run(image)[0])) : NaN;
  const ms = performance.now() - start;
  postMessage({ pixels, score, ms }, [pixels.buffer]);
};
