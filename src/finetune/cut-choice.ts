/** Which cut to train behind: predicted seconds against the wanted depth and the room for a cache. Pure. */
import { type Cut, cutElements } from "./cut.js";

/** What a training behind a cut is to be. */
export interface CutWish {
  /** Measured, of a forward pass on all cores. */
  readonly secondsPerMultiplyAdd: number;
  readonly images: number;
  readonly epochs: number;
  /** Augmented views of each image whose activations are kept; 0 where every epoch is to see fresh ones. */
  readonly views: number;
  /** Room for kept activations. */
  readonly cacheBytes: number;
  /** The most of the network's multiply-adds that is to be trained, in (0, 1]. */
  readonly share: number;
  /** What a training step of the suffix costs, in forward passes of it. */
  readonly forwardsPerStep?: number;
}

/** A cut and what training behind it takes. */
export interface CutChoice {
  readonly cut: Cut;
  readonly seconds: number;
  /** Of activations in float16; 0 where none are kept and the prefix runs in every epoch. */
  readonly cacheBytes: number;
}

/** One forward, and one each for the gradients of activations and of weights. */
const usualForwards = 3;

/** Cuts that train less than this part of the wanted share are no answer to the wish. */
const leastOfShare = 0.5;

const bytesPerElement = 2;

/**
 * The cut that trains the most for the time (least seconds for each trained multiply-add) among those that train at most the wanted
 * share and at least half of it; where there is none, the deepest below it, or else the last of all. Null where there are no cuts.
 */
export function chooseCut(cuts: readonly Cut[], wish: CutWish): CutChoice | null {
  const allowed = cuts.filter((cut) => trainedShare(cut) <= wish.share);
  const near = allowed.filter((cut) => trainedShare(cut) >= leastOfShare * wish.share);
  const candidates = near.length > 0 ? near : [...allowed.slice(0, 1), ...cuts.slice(-1)].slice(0, 1);
  const choices = candidates.map((cut) => predictCut(cut, wish));
  return choices.reduce<CutChoice | null>((best, one) => (best && price(best) <= price(one) ? best : one), null);
}

/** Seconds and bytes of training behind a cut; views that do not fit are not kept. */
export function predictCut(cut: Cut, wish: CutWish): CutChoice {
  const { secondsPerMultiplyAdd, images, epochs, forwardsPerStep = usualForwards } = wish;
  const views = Math.min(wish.views, epochs);
  const bytes = bytesPerElement * cutElements(cut) * images * views;
  const isKept = views > 0 && bytes <= wish.cacheBytes;
  const prefixRuns = isKept ? views : epochs;
  const perImage = cut.prefixMultiplyAdds * prefixRuns + cut.suffixMultiplyAdds * forwardsPerStep * epochs;
  return { cut, seconds: secondsPerMultiplyAdd * images * perImage, cacheBytes: isKept ? bytes : 0 };
}

/** The part of the network's multiply-adds that lies behind a cut. */
export function trainedShare({ prefixMultiplyAdds, suffixMultiplyAdds }: Cut): number {
  return suffixMultiplyAdds / (prefixMultiplyAdds + suffixMultiplyAdds);
}

function price({ cut, seconds }: CutChoice): number {
  return seconds / cut.suffixMultiplyAdds;
}
