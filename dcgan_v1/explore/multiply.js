// A matrix product in WebAssembly, its one inner loop, put together byte by byte so that
// the page needs no compiler and no library. Four rows times eight columns at a time stay
// in registers: six loads for eight products of four numbers. Plain JavaScript takes about
// eight times as long.

const I32 = 0x7F, V128 = 0x7B;
const ROWS_AT_ONCE = 4, COLUMNS_AT_ONCE = 8;

/** Unsigned LEB128, WebAssembly's integers. */
function leb(n) {
  const bytes = [];
  do {
    bytes.push((n & 127) | (n > 127 ? 128 : 0));
    n >>>= 7;
  } while (n);
  return bytes;
}

/** The bytes of a module that exports
 * `multiply(a, b, c, rows, depth, columns)`: c [rows, columns] = a [rows, depth] times b
 * [depth, columns], float32. a, b and c are addresses; rows are a multiple of 4, columns
 * of 8; b lies in panels, [columns / 8, depth, 8]. It imports its memory. */
function multiplyModule() {
  const [a, b, c, rows, depth, columns, row, k, pb, target, stride] = Array(11).keys();
  const pa = [11, 12, 13, 14], value = 15, left = 16, right = 17;
  const sum = Array.from({ length: 8 }, (_, i) => 18 + i);
  const get = (i) => [0x20, ...leb(i)], set = (i) => [0x21, ...leb(i)];
  const i32 = (n) => [0x41, n]; // of 0 to 63
  const ADD = 0x6A, SUBTRACT = 0x6B, MULTIPLY = 0x6C, SHIFT = 0x74;
  const vector = (code, ...rest) => [0xFD, ...leb(code), ...rest];
  const LOAD = 0, SPLAT = 9, STORE = 11, F_ADD = 0xE4, F_MULTIPLY = 0xE6;
  const aligned = (power, offset) => [power, ...leb(offset)];
  const move = (i, bytes) => [...get(i), ...bytes, ADD, ...set(i)];
  const loop = (...body) => [0x03, 0x40, ...body.flat(), 0x0D, 0, 0x0B]; // while top
  const countDown = (i, by) => [...get(i), ...i32(by), SUBTRACT, 0x22, ...leb(i)];

  const products = pa.flatMap((address, i) => [
    ...get(address), ...vector(SPLAT, ...aligned(2, 0)), ...set(value),
    ...[left, right].flatMap((panel, j) => [
      ...get(sum[2 * i + j]),
      ...get(value), ...get(panel), ...vector(F_MULTIPLY), ...vector(F_ADD),
      ...set(sum[2 * i + j]),
    ]),
    ...move(address, i32(4)),
  ]);
  const alongDepth = loop(
    get(pb), vector(LOAD, ...aligned(4, 0)), set(left),
    get(pb), vector(LOAD, ...aligned(4, 16)), set(right),
    products,
    move(pb, i32(32)),
    countDown(k, 1),
  );
  const zero = vector(12, ...new Array(16).fill(0));
  const store = pa.flatMap((_, i) => [
    ...get(target), ...get(sum[2 * i]), ...vector(STORE, ...aligned(4, 0)),
    ...get(target), ...get(sum[2 * i + 1]), ...vector(STORE, ...aligned(4, 16)),
    ...get(target), ...get(columns), ...i32(2), SHIFT, ADD, ...set(target),
  ]);
  const downRows = loop(
    pa.slice(1).flatMap((address, i) => [
      ...get(pa[i]), ...get(stride), ADD, ...set(address),
    ]),
    sum.flatMap((i) => [...zero, ...set(i)]),
    get(b), set(pb), get(depth), set(k),
    alongDepth,
    store,
    get(pa[3]), set(pa[0]), // it stands at the end of its row: the next begins
    countDown(row, ROWS_AT_ONCE),
  );
  const columnsLeft = 26; // columns still to do
  const body = [
    ...get(depth), ...i32(2), SHIFT, ...set(stride),
    ...get(columns), ...set(columnsLeft),
    ...loop(
      get(a), set(pa[0]), get(c), set(target), get(rows), set(row),
      downRows,
      move(b, [...get(stride), ...i32(3), SHIFT]), // the next panel
      move(c, i32(32)),
      countDown(columnsLeft, COLUMNS_AT_ONCE),
    ),
    0x0B,
  ];
  const locals = [3, [9, I32], [11, V128], [1, I32]].flat();
  const code = [...locals, ...body];
  const section = (id, bytes) => [id, ...leb(bytes.length), ...bytes];
  const text = (word) => [word.length, ...new TextEncoder().encode(word)];
  return new Uint8Array([
    0, 0x61, 0x73, 0x6D, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 6, ...new Array(6).fill(I32), 0]),
    ...section(2, [1, ...text("page"), ...text("memory"), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text("multiply"), 0, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
}
