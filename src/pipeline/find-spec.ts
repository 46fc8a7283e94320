/** The spec that a run is judged by. */
import { inferSpec, parseSpec, readSpec, type Spec } from "../spec/index.js";
import type { RunRequest, Surroundings } from "./context.js";
import { scanImages } from "./data.js";

/** The spec of the request, or one that fits what is in the folder. */
export async function findSpec(
  request: Pick<RunRequest, "spec" | "images" | "exclude">,
  around: Surroundings,
): Promise<{ spec: Spec; text: string | null }> {
  if (request.spec !== null) return { spec: await readSpec(request.spec), text: null };
  const { classes, pictures } = await scanImages(request.images, request.exclude, around);
  const text = inferSpec({ classes: classes.length, images: pictures.length });
  return { spec: parseSpec(text, "inferred", "markdown"), text };
}
