/** Checks of arguments: a number outside a function's domain is a mistake of the caller. */

/** Throws a RangeError unless 0 < value < 1. */
export function checkOpenUnit(name: string, value: number): void {
  if (!(value > 0 && value < 1)) throw new RangeError(`${name} must be between 0 and 1, got ${value}`);
}

/** Throws a RangeError unless 0 ≤ value ≤ 1. */
export function checkUnit(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name} must be from 0 to 1, got ${value}`);
}

/** Throws a RangeError unless `value` is an integer of at least `least`. */
export function checkCount(name: string, value: number, least = 0): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw new RangeError(`${name} must be a whole number of at least ${least}, got ${value}`);
}

/** Throws a RangeError unless 0 ≤ successes ≤ trials, both integers. */
export function checkTrials(successes: number, trials: number): void {
  checkCount("trials", trials);
  checkCount("successes", successes);
  if (successes > trials) throw new RangeError(`${successes} successes in ${trials} trials`);
}
