/** Recipes tried on a sample of the training photographs: features, a head by cross-validation, out-of-fold predictions. */
import { recipeMultiplyAdds, recipeName, recipeTaps, type Recipe, type Tap } from "../backbone/index.js";
import type { HalfMatrix } from "../core/index.js";
import { assembleFeatures, type Extraction } from "../features/index.js";
import type { HeadFit } from "../train/index.js";

/** A recipe and what was measured of it. */
export interface Trial {
  readonly recipe: Recipe;
  readonly name: string;
  readonly images: number;
  /** Out of fold, [images, classes]. */
  readonly logits: Float32Array;
  readonly accuracy: number;
  readonly logLoss: number;
  /** Of the head and its cross-validation. */
  readonly headSeconds: number;
}

/** Photographs of train that recipes are tried on. */
export interface Sample {
  readonly images: number;
  readonly extract: (taps: readonly Tap[]) => Promise<Pick<Extraction, "features" | "computed">>;
  readonly fit: (features: HalfMatrix) => Promise<HeadFit>;
}

/** Tries recipes, each once, and learns the speed of this machine from it. */
export class Trials {
  readonly #sample: Sample;
  readonly #done = new Map<string, Trial>();
  readonly #spent = { seconds: 0, multiplyAdds: 0 };

  constructor(sample: Sample) {
    this.#sample = sample;
  }

  has(recipe: Recipe): boolean {
    return this.#done.has(recipeName(recipe));
  }

  /** Seconds of the features of so many pictures, from what was measured so far; 0 before anything was. */
  predictSeconds(recipe: Recipe, images = this.#sample.images): number {
    const { seconds, multiplyAdds } = this.#spent;
    return multiplyAdds === 0 ? 0 : (images * recipeMultiplyAdds(recipe) * seconds) / multiplyAdds;
  }

  /** Measures recipes, their features in one pass over the sample. Throws as extraction and fit do. */
  async run(recipes: readonly Recipe[]): Promise<Trial[]> {
    const taps = recipes.map(recipeTaps);
    const { features, computed } = await this.#sample.extract(taps.flat());
    this.#spent.seconds += computed.seconds;
    this.#spent.multiplyAdds += computed.multiplyAdds;
    const trials: Trial[] = [];
    let from = 0;
    for (const [i, recipe] of recipes.entries()) {
      const own = features.slice(from, from + taps[i]!.length);
      from += own.length;
      trials.push(this.#done.get(recipeName(recipe)) ?? (await this.#measure(recipe, own)));
    }
    return trials;
  }

  async #measure(recipe: Recipe, features: readonly HalfMatrix[]): Promise<Trial> {
    const { outOfFold, candidates, seconds } = await this.#sample.fit(assembleFeatures(recipe, features));
    const { accuracy, logLoss } = candidates.reduce((a, b) => (b.logLoss < a.logLoss ? b : a));
    const name = recipeName(recipe);
    const trial = {
      recipe,
      name,
      images: this.#sample.images,
      logits: outOfFold,
      accuracy,
      logLoss,
      headSeconds: seconds,
    };
    this.#done.set(name, trial);
    return trial;
  }
}
