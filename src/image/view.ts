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

/** A stable name for cache keys and reports: "crop-0.875-224-cubic". */
export function viewName(view: View): string {
  const crop = view.mode === "crop" ? `-${view.cropFraction ?? 1}` : "";
  return `${view.mode}${crop}-${view.size}-${view.kernel}`;
}
