/** Which cut to train behind. Pure. */
import type { Cut } from "./cut.js";

/**
 * The cut that trains most of the network's multiply-adds within the wanted share, in (0, 1]: it is also the one of the fewest seconds
 * for each that is trained, since what lies before the cut runs in any case. Where every cut trains more: the last. Null where there are none.
 */
export function chooseCut(cuts: readonly Cut[], share: number): Cut | null {
  const allowed = cuts.filter((cut) => trainedShare(cut) <= share);
  const deeper = (a: Cut, b: Cut): Cut => (trainedShare(b) > trainedShare(a) ? b : a);
  return allowed.length > 0 ? allowed.reduce(deeper) : (cuts.at(-1) ?? null);
}

/** The part of the network's multiply-adds that lies behind a cut. */
export function trainedShare({ prefixMultiplyAdds, suffixMultiplyAdds }: Cut): number {
  return suffixMultiplyAdds / (prefixMultiplyAdds + suffixMultiplyAdds);
}
