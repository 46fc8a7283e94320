/** What follows a command with commands of its own: a misspelt one gets a suggestion, as the program's own do. */
import type { Command } from "commander";

/** Most letters that differ for a name to be suggested. */
const mostEdits = 2;

/**
 * Lets `command` stand without a sub-command, and refuses words after `parent` that are none. `command` is the parent itself or its
 * default. Call it first in the action of `command`.
 */
export function refuseUnknownCommand(parent: Command, command: Command): void {
  const [word] = parent.args;
  if (command.args.length === 0 || word === undefined) return;
  const names = parent.commands.map((one) => one.name());
  if (names.includes(word)) return void command.error(`error: too many arguments for '${command.name()}'.`);
  const near = names.find((name) => countEdits(word, name) <= mostEdits);
  const hint = near === undefined ? `(There are: ${names.join(", ")})` : `(Did you mean ${near}?)`;
  parent.error(`error: unknown command '${word}' of '${parent.name()}'\n${hint}`);
}

/** Insertions, deletions, exchanges and swaps of neighbors that make one word of the other. */
export function countEdits(from: string, to: string): number {
  const rows = Array.from({ length: from.length + 1 }, (_, i) => [i]);
  for (let j = 1; j <= to.length; j++) rows[0]!.push(j);
  for (let i = 1; i <= from.length; i++)
    for (let j = 1; j <= to.length; j++) {
      const [above, row] = [rows[i - 1]!, rows[i]!];
      const exchanged = above[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? rows[i - 2]![j - 2]! + 1 : exchanged;
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, exchanged, swapped));
    }
  return rows[from.length]![to.length]!;
}
