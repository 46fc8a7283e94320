/** The safetensors format (github.com/huggingface/safetensors): a JSON header, then raw little-endian tensors. */
import { Fault } from "../core/index.js";

export interface StoredTensor {
  readonly dtype: "F32" | "F16" | "U8" | "I32";
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

export interface TensorFile {
  readonly tensors: Readonly<Record<string, StoredTensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

interface HeaderEntry {
  readonly dtype: StoredTensor["dtype"];
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const elementBytes: Readonly<Record<StoredTensor["dtype"], number>> = { F32: 4, F16: 2, U8: 1, I32: 4 };

export function encodeSafetensors({ tensors, metadata }: TensorFile): Uint8Array {
  const header: Record<string, HeaderEntry | TensorFile["metadata"]> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const out = Buffer.alloc(8 + padded + offset, " ");
  out.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(out, 8);
  let position = 8 + padded;
  for (const { data } of Object.values(tensors)) {
    out.set(data, position);
    position += data.byteLength;
  }
  return out;
}

/** Parses a file; the tensors' data are copies aligned for typed arrays. Throws `internal` when it is cut off or malformed. */
export function decodeSafetensors(bytes: Uint8Array): TensorFile {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const start = 8 + Number(view.getBigUint64(0, true));
    const { __metadata__: metadata = {}, ...entries } = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, start)),
    ) as Record<string, HeaderEntry> & { __metadata__?: Record<string, string> };
    const tensors = Object.fromEntries(
      Object.entries(entries as Record<string, HeaderEntry>).map(([name, entry]) => [name, slice(bytes, start, entry)]),
    );
    return { tensors, metadata };
  } catch (error) {
    throw new Fault("internal", { what: "a safetensors file is cut off or malformed", cause: error });
  }
}

function slice(
  bytes: Uint8Array,
  start: number,
  { dtype, shape, data_offsets: [from, to] }: HeaderEntry,
): StoredTensor {
  const size = shape.reduce((product, length) => product * length, elementBytes[dtype]);
  if (to - from !== size || start + to > bytes.byteLength) throw new RangeError("a tensor lies outside the file");
  return { dtype, shape, data: new Uint8Array(bytes.subarray(start + from, start + to)) };
}
