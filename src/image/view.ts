/** A view is how a picture becomes the network's square of pixels. */

/** squash: stretched to the square; crop: the centre square of a proportional resize; letterbox: fitted and padded. */
export type ViewMode = "squash" | "crop" | "letterbox";

export interface View {
  readonly mode: ViewMode;
  /** Side of the square in pixels. */
  readonly size: number;
  /** crop only: side of the crop over the shorter side of the resized picture, such as 0.875. */
  readonly cropFraction?: number;
  readonly kernel: "cubic" | "linear" | "lanczos3";
}

/**
 * A view for training only: a random resized crop (Szegedy 2015, 1409.4842), mirrored half of the time, brightness, contrast and
 * saturation jittered. What is drawn follows from the seed, the number of the draw and the picture's own name.
 */
export interface RandomView {
  readonly mode: "random";
  readonly size: number;
  readonly kernel: View["kernel"];
  /** Least and largest share of the picture's area that is seen. */
  readonly area: readonly [least: number, largest: number];
  /** Each color factor is drawn from 1 − jitter to 1 + jitter. */
  readonly jitter: number;
  readonly seed: number;
  /** 0, 1, 2 … for further views of the same picture. */
  readonly draw: number;
}

/** A stable name for cache keys and reports: "crop-0.875-224-cubic". */
export function viewName(view: View | RandomView): string {
  const size = `${view.size}-${view.kernel}`;
  if (view.mode === "random")
    return `random-${view.area.join("-")}-${view.jitter}-${size}-seed-${view.seed}-${view.draw}`;
  return view.mode === "crop" ? `crop-${view.cropFraction ?? 1}-${size}` : `${view.mode}-${size}`;
}
