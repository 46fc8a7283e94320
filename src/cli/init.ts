/** `assay init`: writes a spec by asking, or from flags where nobody can be asked. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Fault } from "../core/index.js";
import { checkStory, defaultAnswers, parseSpec, type SpecAnswers, writeSpecText } from "../spec/index.js";
import { writeFileAtomic } from "../store/index.js";
import type { InitArguments } from "./main.js";
import { openTerminal } from "./terminal.js";

type ListKey = "constraints" | "rewards" | "penalties" | "goalState";

const questions: readonly (readonly [ListKey, string])[] = [
  ["constraints", "Constraints (must hold)"],
  ["rewards", "Rewards (good to have)"],
  ["penalties", "Penalties (bad to have)"],
  ["goalState", "Goal state (must be there in the end)"],
];

export async function initCommand(folder: string, options: InitArguments): Promise<number> {
  const terminal = openTerminal(options.json);
  const path = join(folder, "spec.md");
  if (existsSync(path))
    throw new Fault("output-exists", { what: `${path} exists`, remedy: "edit it, or give another folder" });
  const flagged = fromFlags(options);
  const answers = process.stdin.isTTY && !options.yes && !options.json ? await ask(flagged) : flagged;
  const text = writeSpecText(answers);
  await writeFileAtomic(path, text);
  const spec = parseSpec(text, path, "markdown");
  if (terminal.json) terminal.answer(JSON.stringify({ path, spec }));
  for (const { pass, name, why } of checkStory(spec)) terminal.say(`${pass ? "✓" : "!"} ${name.padEnd(11)} ${why}`);
  terminal.say(`written: ${path}`);
  terminal.say(`next: assay run <photographs> --spec ${path}`);
  return 0;
}

/** Flags where they are given, sensible lines elsewhere. */
function fromFlags(options: InitArguments): SpecAnswers {
  return {
    story: { asA: options.asA ?? null, iWant: options.iWant ?? null, soThat: options.soThat ?? null },
    constraints: options.constraint ?? defaultAnswers.constraints,
    rewards: options.reward ?? defaultAnswers.rewards,
    penalties: options.penalty ?? defaultAnswers.penalties,
    goalState: options.goal ?? defaultAnswers.goalState,
  };
}

/** Asks for the story and the four lists; Enter takes what is offered. Ctrl-C and Ctrl-D end it, and nothing is written. */
async function ask(offered: SpecAnswers): Promise<SpecAnswers> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  // An iterator keeps lines that come before they are asked for, as pasted ones do.
  const lines = reader[Symbol.asyncIterator]();
  const question = async (prompt: string): Promise<string> => {
    process.stderr.write(prompt);
    const line = await lines.next();
    if (line.done) throw new Fault("interrupted", { what: "no spec was written", remedy: "run it again" });
    return line.value.trim();
  };
  reader.on("SIGINT", () => reader.close());
  try {
    const asA = (await question("As a … ")) || null;
    const iWant = (await question("I want … ")) || null;
    const soThat = (await question("So that … ")) || null;
    const lists: Record<ListKey, readonly string[]> = { ...offered };
    for (const [key, title] of questions) lists[key] = await askList(question, title, offered[key]);
    return { ...offered, ...lists, story: { asA, iWant, soThat } };
  } finally {
    reader.close();
  }
}

async function askList(
  question: (prompt: string) => Promise<string>,
  title: string,
  offered: readonly string[],
): Promise<readonly string[]> {
  const examples = offered.map((line) => `  - ${line}\n`).join("");
  process.stderr.write(`\n${title}, one a line; an empty line ends, at once for:\n${examples}`);
  const given: string[] = [];
  for (let line = await question("- "); line !== ""; line = await question("- ")) given.push(line);
  return given.length > 0 ? given : offered;
}
