import { createCipheriv, createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { jpeg, noise, png } from "../../test/photographs.js";
import { encodePng, encodeRaster, inspect, thumbnail, UnreadableImage } from "./index.js";

/** One AES block under the key of the fingerprint. */
const block = (input: Buffer): bigint => {
  const cipher = createCipheriv("aes-128-ecb", "assay pixel hash", null).setAutoPadding(false);
  return BigInt(`0x${cipher.update(input).toString("hex")}`);
};

/** A product in GF(2^128) by the bits of SP 800-38D, algorithm 1. */
const times = (x: bigint, y: bigint): bigint => {
  let product = 0n;
  let v = y;
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((x >> bit) & 1n) product ^= v;
    v = v & 1n ? (v >> 1n) ^ (0xe1n << 120n) : v >> 1n;
  }
  return product;
};

/** GHASH with whole numbers, straight from NIST SP 800-38D; the cipher is only asked for single blocks. */
function hashByHand(pixels: Uint8Array, width: number, height: number): string {
  const subkey = block(Buffer.alloc(16));
  const lengths = Buffer.alloc(16);
  lengths.writeBigUInt64BE(BigInt(pixels.length) * 8n);
  const padded = Buffer.concat([pixels, Buffer.alloc((16 - (pixels.length % 16)) % 16), lengths]);
  let state = 0n;
  for (let at = 0; at < padded.length; at += 16)
    state = times(state ^ BigInt(`0x${padded.subarray(at, at + 16).toString("hex")}`), subkey);
  const counter = Buffer.alloc(16);
  counter[15] = 1;
  const tag = Buffer.from((state ^ block(counter)).toString(16).padStart(32, "0"), "hex");
  return createHash("sha256").update(`${width}x${height}\n`).update(tag).digest("hex");
}

const kindOf = async (bytes: Uint8Array): Promise<string> =>
  await inspect(bytes).then(
    () => "fine",
    (error: unknown) => (error instanceof UnreadableImage ? error.kind : "another error"),
  );

describe("inspect", () => {
  it("hashes width, height and pixels", async () => {
    const pixels = noise("hash", 5, 7);
    const { pixelHash, facts } = await inspect(await encodePng(pixels, 5, 7));
    expect(pixelHash).toBe(hashByHand(pixels, 5, 7));
    expect(facts).toMatchObject({
      format: "png",
      width: 5,
      height: 7,
      orientation: 1,
      channels: 3,
      bitDepth: 8,
      pages: 1,
    });
  });

  it("hashes pictures of several slices as one", async () => {
    const pixels = new Uint8Array(1500 * 1000 * 3).map((_, i) => (i * i) >> 7);
    const { pixelHash } = await inspect(await encodePng(pixels, 1500, 1000));
    const mac = createCipheriv("aes-128-gcm", "assay pixel hash", Buffer.alloc(12)).setAAD(pixels);
    mac.final();
    expect(pixelHash).toBe(createHash("sha256").update("1500x1000\n").update(mac.getAuthTag()).digest("hex"));
  });

  it("knows one picture in two files", async () => {
    const data = noise("twice", 9, 9);
    const raster = { data, width: 9, height: 9, channels: 3 } as const;
    const plain = await inspect(await encodePng(data, 9, 9));
    const other = await inspect(await encodeRaster(raster, { format: "png" }));
    expect(other.pixelHash).toBe(plain.pixelHash);
    expect((await inspect(await png("other", 9, 9))).pixelHash).not.toBe(plain.pixelHash);
  });

  it("gives sizes as seen, not as stored", async () => {
    const raster = { data: noise("turn", 40, 24), width: 40, height: 24, channels: 3 } as const;
    const { facts } = await inspect(await encodeRaster(raster, { format: "jpeg", orientation: 6 }));
    expect(facts).toMatchObject({ orientation: 6, width: 40, height: 24 });
  });

  it("says why a file cannot be read", async () => {
    const file = await jpeg("cut", 64, 64);
    expect(await kindOf(file)).toBe("fine");
    expect(await kindOf(file.subarray(0, file.length / 2))).toBe("truncated");
    expect(await kindOf(file.subarray(0, 20))).toBe("truncated");
    expect(await kindOf(new Uint8Array())).toBe("empty");
    expect(await kindOf(Buffer.from("<html>404</html>"))).toBe("not-image");
    expect(await kindOf(Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic"))).toBe("unsupported");
  });

  it("refuses pictures beyond the pixel limit by their header", async () => {
    await expect(inspect(await png("large", 50, 40), { pixelLimit: 1999 })).rejects.toMatchObject({
      kind: "too-large",
      got: "50 × 40 pixels",
    });
    await expect(inspect(await png("large", 50, 40), { pixelLimit: 2000 })).resolves.toBeDefined();
  });
});

describe("thumbnail", () => {
  it("fits the side, keeps small pictures, and carries no metadata", async () => {
    const large = await thumbnail(await jpeg("thumb", 200, 100), 50);
    expect((await inspect(large)).facts).toMatchObject({ width: 50, height: 25, orientation: 1, hasProfile: false });
    const small = await thumbnail(await png("thumb", 20, 10), 50);
    expect((await inspect(small)).facts).toMatchObject({ format: "jpeg", width: 20, height: 10 });
  });
});
