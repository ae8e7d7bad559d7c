// Animated GIF (version 89a), endless, every frame with a palette of its own.

const MANY = 65536; // pixels, from which on two bits of each colour are left out
const word = (n) => [n & 255, n >> 8]; // two bytes of it

/** @param frames of `encodedFrame`. @returns the file's bytes. */
function gifBytes(frames, width, height) {
  const letters = (text) => [...text].map((letter) => letter.charCodeAt(0));
  const parts = [
    [...letters("GIF89a"), ...word(width), ...word(height), 0, 0, 0],
    [0x21, 0xFF, 11, ...letters("NETSCAPE2.0"), 3, 1, 0, 0, 0], // for ever
    ...frames,
    [0x3B],
  ];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** @param pixels RGBA, @param scale each is shown so many times in a row and a column. */
function encodedFrame(pixels, width, height, scale = 1, milliseconds = 120) {
  const { palette, indices } = reduceColours(pixels);
  const bytes = [0x21, 0xF9, 4, 0, ...word(Math.round(milliseconds / 10)), 0, 0];
  bytes.push(0x2C, 0, 0, 0, 0, ...word(width * scale), ...word(height * scale), 0x87);
  for (let i = 0; i < 256; i++) bytes.push(...(palette[i] ?? [0, 0, 0]));
  bytes.push(8);
  const packed = compress(scale === 1 ? indices : repeated(indices, width, height, scale));
  for (let i = 0; i < packed.length; i += 255) {
    const block = packed.slice(i, i + 255);
    bytes.push(block.length, ...block);
  }
  bytes.push(0);
  return Uint8Array.from(bytes);
}

/** Numbers of pixels, each `scale` times in a row and a column. */
function repeated(indices, width, height, scale) {
  const large = new Uint8Array(indices.length * scale * scale), row = width * scale;
  for (let y = 0; y < height * scale; y++)
    for (let x = 0; x < row; x++)
      large[y * row + x] = indices[Math.floor(y / scale) * width + Math.floor(x / scale)];
  return large;
}

/** At most 256 colours (median cut, Heckbert 1982), and each pixel's among them. */
function reduceColours(pixels) {
  const counts = new Map(), keys = [];
  const kept = pixels.length > 4 * MANY ? 0xFCFCFC : 0xFFFFFF;
  for (let i = 0; i < pixels.length; i += 4) {
    const key = (pixels[i] << 16 | pixels[i + 1] << 8 | pixels[i + 2]) & kept;
    keys.push(key);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const colours = [...counts].map(([key, count]) =>
    ({ key, count, rgb: [key >> 16, key >> 8 & 255, key & 255] }));
  const boxes = [measured(colours)];
  while (boxes.length < 256) {
    const widest = boxes.reduce((a, b) => (b.spread > a.spread ? b : a));
    if (!widest.spread) break;
    const { members, axis } = widest;
    members.sort((a, b) => a.rgb[axis] - b.rgb[axis]);
    const half = members.length >> 1;
    boxes.splice(boxes.indexOf(widest), 1,
      measured(members.slice(0, half)), measured(members.slice(half)));
  }
  const place = new Map();
  const palette = boxes.map(({ members }, i) => {
    const total = members.reduce((sum, { count }) => sum + count, 0);
    for (const { key } of members) place.set(key, i);
    return [0, 1, 2].map((axis) => Math.round(
      members.reduce((sum, { rgb, count }) => sum + rgb[axis] * count, 0) / total));
  });
  return { palette, indices: keys.map((key) => place.get(key)) };
}

/** A box of colours: along which axis it is widest, and how wide. */
function measured(members) {
  const spreads = [0, 1, 2].map((axis) => {
    const values = members.map(({ rgb }) => rgb[axis]);
    return Math.max(...values) - Math.min(...values);
  });
  const spread = Math.max(...spreads);
  return { members, spread, axis: spreads.indexOf(spread) };
}

/** GIF's LZW of numbers below 256. */
function compress(indices) {
  const CLEAR = 256, END = 257, bytes = [];
  let buffer = 0, bits = 0, size, codes;
  const emit = (code) => {
    buffer |= code << bits;
    for (bits += size; bits >= 8; bits -= 8, buffer >>>= 8) bytes.push(buffer & 255);
  };
  const restart = () => {
    size = 9;
    codes = new Map();
  };
  restart();
  emit(CLEAR);
  let current = indices[0];
  for (let i = 1; i < indices.length; i++) {
    const index = indices[i];
    const key = current << 8 | index, known = codes.get(key);
    if (known !== undefined) {
      current = known;
      continue;
    }
    emit(current);
    const next = END + 1 + codes.size;
    if (next < 4096) {
      codes.set(key, next);
      if (next === 1 << size) size += 1; // the reader is one code behind
    } else {
      emit(CLEAR);
      restart();
    }
    current = index;
  }
  emit(current);
  emit(END);
  if (bits) bytes.push(buffer & 255);
  return bytes;
}
