/** Recipes tried on a sample of the training photographs: features, a head by cross-validation, out-of-fold predictions. */
import { learningMultiplyAdds, learningTaps, recipeKey, recipeName, type Recipe, type Tap } from "../backbone/index.js";
import type { HalfMatrix } from "../core/index.js";
import { assembleViews, type Extraction, type Views } from "../features/index.js";
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

/** Work done in some time. */
export interface Speed {
  readonly seconds: number;
  readonly multiplyAdds: number;
}

/** What is kept of a trial, so that a resumed run need not do it again. */
export interface StoredTrial extends Omit<Trial, "recipe"> {
  /** Of the features, as far as they were computed for it. */
  readonly computed: Speed;
}

/** Where trials outlive the process, by the key of their recipe. */
export interface TrialStore {
  readonly recall: (key: string) => Promise<StoredTrial | null>;
  readonly keep: (key: string, trial: StoredTrial) => Promise<void>;
}

/** Photographs of train that recipes are tried on. */
export interface Sample {
  readonly images: number;
  /** Of random views. */
  readonly seed: number;
  readonly extract: (taps: readonly Tap[]) => Promise<Pick<Extraction, "features" | "computed">>;
  readonly fit: (views: Views) => Promise<HeadFit>;
}

/** Tries recipes, each once, and learns the speed of this machine from it. */
export class Trials {
  readonly #sample: Sample;
  readonly #store: TrialStore | null;
  readonly #done = new Map<string, Trial>();
  readonly #spent: { seconds: number; multiplyAdds: number };

  constructor(sample: Sample, speed: Speed = { seconds: 0, multiplyAdds: 0 }, store: TrialStore | null = null) {
    this.#sample = sample;
    this.#spent = { ...speed };
    this.#store = store;
  }

  has(recipe: Recipe): boolean {
    return this.#done.has(recipeKey(recipe));
  }

  /** Seconds of the features of so many pictures, from what was measured so far; 0 before anything was. */
  predictSeconds(recipe: Recipe, images = this.#sample.images): number {
    const { seconds, multiplyAdds } = this.#spent;
    return multiplyAdds === 0 ? 0 : (images * learningMultiplyAdds(recipe) * seconds) / multiplyAdds;
  }

  /** Measures recipes, their features in one pass over the sample. Throws as extraction and fit do. */
  async run(recipes: readonly Recipe[]): Promise<Trial[]> {
    for (const recipe of recipes) await this.#recall(recipe);
    const open = recipes.filter((recipe) => !this.has(recipe));
    if (open.length > 0) await this.#measureAll(open);
    return recipes.map((recipe) => this.#done.get(recipeKey(recipe))!);
  }

  async #recall(recipe: Recipe): Promise<void> {
    const key = recipeKey(recipe);
    const stored = this.#done.has(key) ? null : await this.#store?.recall(key);
    if (!stored || stored.images !== this.#sample.images) return;
    const { computed, ...trial } = stored;
    this.#spend(computed);
    this.#done.set(key, { ...trial, recipe });
  }

  async #measureAll(recipes: readonly Recipe[]): Promise<void> {
    const taps = recipes.map((recipe) => learningTaps(recipe, this.#sample.seed));
    const { features, computed } = await this.#sample.extract(taps.flat());
    this.#spend(computed);
    const all = recipes.reduce((sum, recipe) => sum + learningMultiplyAdds(recipe), 0);
    let from = 0;
    for (const [i, recipe] of recipes.entries()) {
      const own = features.slice(from, from + taps[i]!.length);
      from += own.length;
      const trial = await this.#measure(recipe, own);
      const key = recipeKey(recipe);
      this.#done.set(key, trial);
      const share = learningMultiplyAdds(recipe) / all;
      const part = { seconds: computed.seconds * share, multiplyAdds: computed.multiplyAdds * share };
      await this.#store?.keep(key, { ...trial, computed: part });
    }
  }

  #spend({ seconds, multiplyAdds }: Speed): void {
    this.#spent.seconds += seconds;
    this.#spent.multiplyAdds += multiplyAdds;
  }

  async #measure(recipe: Recipe, features: readonly HalfMatrix[]): Promise<Trial> {
    const { outOfFold, candidates, seconds } = await this.#sample.fit(assembleViews(recipe, features));
    const { accuracy, logLoss } = candidates.reduce((a, b) => (b.logLoss < a.logLoss ? b : a));
    return {
      recipe,
      name: recipeName(recipe),
      images: this.#sample.images,
      logits: outOfFold,
      accuracy,
      logLoss,
      headSeconds: seconds,
    };
  }
}
