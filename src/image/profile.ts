/** The name inside an ICC color profile (ICC.1:2022, clauses 7.3 and 10.15; version 2: textDescriptionType). */

const signatureAt = (icc: DataView, offset: number): string =>
  String.fromCharCode(...[0, 1, 2, 3].map((index) => icc.getUint8(offset + index)));

/** The profile's description, such as "Display P3"; "unnamed" where it has none that can be read. */
export function describeProfile(bytes: Uint8Array): string {
  try {
    const icc = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const tags = icc.getUint32(128);
    for (let tag = 0; tag < Math.min(tags, 100); tag++) {
      const entry = 132 + 12 * tag;
      if (signatureAt(icc, entry) === "desc") return readText(icc, icc.getUint32(entry + 4)) || "unnamed";
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // offsets that leave a damaged profile
  }
  return "unnamed";
}

function readText(icc: DataView, offset: number): string {
  const codes: number[] = [];
  if (signatureAt(icc, offset) === "mluc") {
    const length = icc.getUint32(offset + 20);
    const start = offset + icc.getUint32(offset + 24);
    for (let at = 0; at < Math.min(length, 200); at += 2) codes.push(icc.getUint16(start + at));
  } else {
    const length = icc.getUint32(offset + 8);
    for (let at = 0; at < Math.min(length, 100); at++) codes.push(icc.getUint8(offset + 12 + at));
  }
  return String.fromCharCode(...codes.filter((code) => code >= 32)).trim();
}
