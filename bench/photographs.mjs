// Photographs of a folder as features of the embedded Lite0, kept in the cache that the user's runs share.
import { availableParallelism } from "node:os";
import { loadBackbone, plainRecipe, recipeTaps } from "../dist/backbone/index.js";
import { encodeFloat16Array } from "../dist/core/index.js";
import { scan } from "../dist/dataset/index.js";
import { assembleFeatures, extractFeatures } from "../dist/features/index.js";
import { cacheFolder } from "../dist/store/index.js";

/** One photograph for each different picture: features [images, width] in half precision, labels, the names of the classes. */
export async function loadFeatures(folder, exclude = []) {
  const threads = availableParallelism();
  const dataset = await scan(folder, { exclude, threads });
  const pictures = [...new Map(dataset.pictures.map((picture) => [picture.pixelHash, picture])).values()];
  const backbone = await loadBackbone("efficientnet-lite0");
  const around = { root: dataset.root, cacheFolder: cacheFolder(), threads };
  const recipe = plainRecipe(backbone);
  const { features } = await extractFeatures(pictures, recipeTaps(recipe), around);
  const { rows, width, data } = assembleFeatures(recipe, features);
  return {
    features: { rows, width, data: data instanceof Uint16Array ? data : encodeFloat16Array(data) },
    labels: Int32Array.from(pictures, ({ label }) => dataset.classes.indexOf(label)),
    classes: dataset.classes,
  };
}
