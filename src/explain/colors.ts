/**
 * The color map "inferno" by Nathaniel Smith and Stéfan van der Walt (matplotlib, CC0): lightness rises evenly, so that a map also
 * reads in gray and for people who do not tell red from green.
 */

/** Every sixteenth of its 256 colors, #rrggbb; between them linear, at most 7 of 255 off. */
const anchors = [
  0x000004, 0x0b0724, 0x210c4a, 0x3d0965, 0x57106e, 0x71196e, 0x8a226a, 0xa32c61, 0xbc3754, 0xd04545, 0xe35933,
  0xf1711f, 0xf98c0a, 0xfcaa0f, 0xf9c932, 0xf2e865, 0xfcffa4,
] as const;

/** RGB bytes [256, 3] of the levels 0 … 255. */
export const inferno: Uint8Array = Uint8Array.from({ length: 256 * 3 }, (_, i) => {
  const position = (Math.floor(i / 3) / 255) * (anchors.length - 1);
  const below = Math.min(Math.floor(position), anchors.length - 2);
  const channel = (anchor: number): number => (anchors[anchor]! >> (16 - 8 * (i % 3))) & 255;
  return Math.round(channel(below) + (channel(below + 1) - channel(below)) * (position - below));
});
