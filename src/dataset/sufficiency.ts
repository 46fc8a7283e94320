/** Which classes take part, and whether what was found is enough to learn from. */
import { countOf, Fault, groupBy, listNames, quoteName } from "../core/index.js";
import { normalizeLabel, type Source, type Sources } from "./layout.js";
import type { Dataset } from "./picture.js";

/** Leaves classes out by name. Throws `usage` for a name that no class has. */
export function excludeClasses(
  sources: Sources,
  exclude: readonly string[],
): { kept: readonly Source[]; excluded: Dataset["excluded"] } {
  const names = [...new Set(exclude.map(normalizeLabel))];
  const labels = new Set(sources.labels);
  const unknown = names.filter((name) => !labels.has(name));
  if (unknown.length > 0)
    throw new Fault("usage", {
      what: `--exclude names ${unknown.length === 1 ? "a class that is" : "classes that are"} not there`,
      expected: `one of ${listNames(sources.labels)}`,
      got: listNames(unknown),
      remedy: "write the name as the folder has it",
    });
  const left = new Set(names);
  const byLabel = groupBy(sources.files, ({ label }) => label);
  return {
    kept: sources.files.filter(({ label }) => !left.has(label)),
    excluded: names.map((label) => ({ label, files: byLabel.get(label)?.length ?? 0 })),
  };
}

/** Throws `images-insufficient` when there is nothing to learn from, saying what was found. */
export function checkSufficient(dataset: Dataset): void {
  const { pictures, classes, broken, ignored, root, emptyClasses } = dataset;
  if (classes.length >= 2) return;
  const insufficient = (got: string, remedy?: string): Fault =>
    new Fault("images-insufficient", {
      what: `too little to learn from in ${root}`,
      expected: "readable photographs of at least two classes, one folder for each class",
      got,
      ...(remedy === undefined ? {} : { remedy }),
    });
  if (pictures.length === 0 && broken.length > 0)
    throw insufficient(
      `${countOf(broken.length, "image file")}, ${broken.length === 1 ? "not readable" : "none of them readable; the first"}: ${quoteName(broken[0]!.path)}: ${broken[0]!.reason}`,
      broken[0]!.remedy,
    );
  if (pictures.length === 0) {
    const outside = ignored.filter(({ kind }) => kind === "stray");
    const others = ignored.filter(({ kind }) => kind === "not-image").length;
    const found = [
      ...(others === 0 ? [] : [countOf(others, "other file")]),
      ...(outside.length === 0
        ? []
        : [`${countOf(outside.length, "file")} outside of them, such as ${quoteName(outside[0]!.path)}`]),
    ];
    throw insufficient(
      found.length === 0 ? "no files in class folders" : `no images in class folders, but ${found.join(", and ")}`,
    );
  }
  const [first] = emptyClasses.length > 0 ? broken : [];
  const why = first === undefined ? "" : `, such as ${quoteName(first.path)}: ${first.reason}`;
  const without = emptyClasses.length > 0 ? `; without a readable photograph: ${listNames(emptyClasses)}${why}` : "";
  throw insufficient(
    `one class, ${listNames(classes)}, with ${countOf(pictures.length, "photograph")}${without}`,
    first?.remedy,
  );
}
