/** Answers remembered by the content of the photograph, in this process or in Redis. */
import { LRUCache } from "lru-cache";

/** What is remembered of an answer. */
export interface CachedAnswer {
  readonly class: string;
  readonly confidence: number;
  readonly top: readonly { readonly class: string; readonly probability: number }[];
}

/** A cache never fails a request: what it cannot give or take it leaves out. */
export interface AnswerCache {
  get(key: string): Promise<CachedAnswer | undefined>;
  /** Returns at once. */
  set(key: string, answer: CachedAnswer): void;
  close(): void;
}

/** About a kilobyte each. */
const mostEntries = 10_000;

/** The least recently used answers are forgotten. */
export function memoryCache(entries = mostEntries): AnswerCache {
  const answers = new LRUCache<string, CachedAnswer>({ max: entries });
  return {
    get: async (key) => answers.get(key),
    set: (key, answer) => void answers.set(key, answer),
    close: () => answers.clear(),
  };
}
