/** The options of `assay backbones` and its commands, and what they mean for an import. */
import { type Command, InvalidArgumentError } from "commander";
import type { ImportOptions } from "../backbone/index.js";
import { refuseUnknownCommand } from "./sub-commands.js";

export interface BackboneListArguments {
  readonly json: boolean;
  readonly threads: number;
}

export interface BackboneCheckArguments extends BackboneListArguments {
  readonly images?: string;
}

export interface BackboneAddArguments extends BackboneCheckArguments, ImportOptions {
  readonly sha256?: string;
}

/** The flags that say how a network is fed and where its features are; `--backbone file.onnx` can take the same. */
export function importFlags(command: Command): Command {
  return command
    .option("--name <name>", "what to call it (default: the file's name)")
    .option("--license <text>", "its license, for the papers of the bundle")
    .option("--features <value>", "the value of the graph to take as features (default: found)")
    .option(
      "--tokens <which>",
      "of a transformer's tokens: first or mean (default: by their number)",
      oneOf("first", "mean"),
    )
    .option("--layout <order>", "nchw (channels first) or nhwc (default: by the input's shape)", oneOf("nchw", "nhwc"))
    .option("--mean <numbers>", "subtracted from pixels, one number or three: 0.485,0.456,0.406", numbers)
    .option("--std <numbers>", "pixels are divided by, one number or three", numbers)
    .option("--pixels <max>", "what --mean and --std are meant for: pixels up to 1 or up to 255", pixelRange)
    .option("--bgr", "the network takes blue first")
    .option("--size <px>", "side of the square picture (default: the network's, else 224)", side)
    .option("--mode <mode>", "crop, squash or letterbox (default: crop)", oneOf("crop", "squash", "letterbox"))
    .option("--crop-fraction <f>", "side of the crop over the shorter side (default: 0.875)", fraction)
    .option("--kernel <kernel>", "cubic, linear or lanczos3 (default: cubic)", oneOf("cubic", "linear", "lanczos3"));
}

/** The options of an import among all that a command was given. */
export function importOptions(given: ImportOptions): ImportOptions {
  const { name, license, features, tokens, layout, mean, std, pixels, bgr, size, mode, cropFraction, kernel } = given;
  const all = { name, license, features, tokens, layout, mean, std, pixels, bgr, size, mode, cropFraction, kernel };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Adds `assay backbones` to the program. `shared` gives a command the options that all have. */
export function declareBackbones(
  program: Command,
  shared: (command: Command) => Command,
  finish: (code: number) => void,
): void {
  const backbones = program
    .command("backbones")
    .description("list, add, check and remove pretrained networks")
    .addHelpText("after", "\nExample: assay backbones add network.onnx --name mine");
  shared(backbones.command("list", { isDefault: true }))
    .description("the networks that assay can build on")
    .addHelpText("after", "\nExample: assay backbones list")
    .allowExcessArguments()
    .action(async (options: BackboneListArguments, command: Command) => {
      refuseUnknownCommand(backbones, command);
      finish(await (await import("./backbones.js")).listCommand(options));
    });
  importFlags(shared(backbones.command("add")))
    .description("add an ONNX network")
    .argument("<source>", "path or https address of an .onnx file")
    .option("--sha256 <hash>", "refuse the file unless it has this SHA-256", hash)
    .option("--images <dir>", "photographs on which to check the preprocessing")
    .addHelpText(
      "after",
      "\nExample: assay backbones add resnet50.onnx --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --images photos",
    )
    .action(async (source: string, options: BackboneAddArguments) =>
      finish(await (await import("./backbones.js")).addCommand(source, options)),
    );
  shared(backbones.command("check"))
    .description("check a network's file, run it on a known picture, say its shapes and speed")
    .argument("<name>", "name of a backbone")
    .option("--images <dir>", "photographs on which to check the preprocessing")
    .addHelpText("after", "\nExample: assay backbones check efficientnet-lite2 --images photos")
    .action(async (name: string, options: BackboneCheckArguments) =>
      finish(await (await import("./backbones.js")).checkCommand(name, options)),
    );
  shared(backbones.command("remove"))
    .description("remove an added network")
    .argument("<name>", "name of an added backbone")
    .addHelpText("after", "\nExample: assay backbones remove mine")
    .action(async (name: string, options: BackboneListArguments) =>
      finish(await (await import("./backbones.js")).removeCommand(name, options)),
    );
}

function oneOf<T extends string>(...choices: readonly T[]): (text: string) => T {
  return (text) => {
    const choice = choices.find((one) => one === text);
    if (!choice) throw new InvalidArgumentError(`expected ${choices.join(" or ")}.`);
    return choice;
  };
}

function numbers(text: string): readonly number[] {
  const values = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (!values.every(Number.isFinite) || (values.length !== 1 && values.length !== 3))
    throw new InvalidArgumentError("expected one number or three with commas between them.");
  return values;
}

function pixelRange(text: string): 1 | 255 {
  if (text === "1") return 1;
  if (text === "255") return 255;
  throw new InvalidArgumentError("expected 1 or 255.");
}

function side(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 16 || value > 4096)
    throw new InvalidArgumentError("expected a whole number of pixels, 16 to 4096.");
  return value;
}

function fraction(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError("expected a number above 0, at most 1.");
  return value;
}

function hash(text: string): string {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new InvalidArgumentError("expected 64 hexadecimal digits.");
  return text.toLowerCase();
}
