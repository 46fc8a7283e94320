/** Features as they are cached and learned from: half precision, half the memory. */

/** Row-major [rows, width], raw binary16 bits. */
export interface HalfMatrix {
  readonly rows: number;
  readonly width: number;
  readonly data: Uint16Array;
}
