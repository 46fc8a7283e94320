/** Writes SVG: collects gradients and clips in one list and marks in another, so that painters never handle identifiers. */
import { css, type Rgb } from "./color.js";

/** Offset in [0, 1], color, opacity (1 when absent). */
export type Stop = readonly [number, Rgb, number?];

/** A plain color, or a gradient that the pen made. */
export type Paint = Rgb | string;

export interface Line {
  readonly width: number;
  readonly opacity?: number;
  /** Lengths of dash and gap. */
  readonly dash?: readonly [number, number];
}

export class Pen {
  readonly #definitions: string[] = [];
  #marks: string[] = [];
  #count = 0;

  /** `light` is the side the light comes from: -1 left, 1 right. */
  constructor(readonly light: -1 | 1 = -1) {}

  /** A gradient across the box of what it fills; by default from the lit side to the dark one. */
  linear(stops: readonly Stop[], direction: "across" | "down" | "aslant" = "across"): string {
    const [near, far] = this.light < 0 ? ["0", "1"] : ["1", "0"];
    const ends = {
      across: `x1="${near}" x2="${far}"`,
      down: `x1="0" x2="0" y1="0" y2="1"`,
      aslant: `x1="${near}" x2="${far}" y1="0" y2="1"`,
    };
    return this.#define("linearGradient", ends[direction], stopMarks(stops));
  }

  /** A gradient outward from a point of the box of what it fills; the point is mirrored with the light. */
  radial(stops: readonly Stop[], x = 0.5, y = 0.5, radius = 0.5): string {
    const cx = this.light < 0 ? x : 1 - x;
    return this.#define(
      "radialGradient",
      `cx="${round2(cx)}" cy="${round2(y)}" r="${round2(radius)}"`,
      stopMarks(stops),
    );
  }

  fill(path: string, paint: Paint, opacity = 1): void {
    this.#marks.push(
      `<path d="${path}" fill="${paintText(paint)}"${opacity < 1 ? ` fill-opacity="${round2(opacity)}"` : ""}/>`,
    );
  }

  stroke(path: string, paint: Paint, line: Line): void {
    const opacity = line.opacity === undefined ? "" : ` stroke-opacity="${round2(line.opacity)}"`;
    const dash = line.dash === undefined ? "" : ` stroke-dasharray="${line.dash.join(" ")}"`;
    this.#marks.push(
      `<path d="${path}" fill="none" stroke="${paintText(paint)}" stroke-width="${round2(line.width)}"${opacity}${dash}/>`,
    );
  }

  /** Draws only inside the path. */
  inside(path: string, draw: () => void): void {
    const clip = this.#define("clipPath", "", `<path d="${path}"/>`);
    this.#marks.push(`<g clip-path="${clip}">`);
    draw();
    this.#marks.push("</g>");
  }

  /** Draws under a transform, such as "translate(10 20)". */
  placed(transform: string, draw: () => void): void {
    this.#marks.push(`<g transform="${transform}">`);
    draw();
    this.#marks.push("</g>");
  }

  /** What `draw` marks, as text to be placed later with `paste`; its gradients stay with this pen. */
  aside(draw: () => void): string {
    const kept = this.#marks;
    this.#marks = [];
    draw();
    const text = this.#marks.join("");
    this.#marks = kept;
    return text;
  }

  paste(marks: string): void {
    this.#marks.push(marks);
  }

  /** The whole document; line ends and joins are round. */
  document(width: number, height: number): string {
    return (
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs>${this.#definitions.join("")}</defs>` +
      `<g stroke-linecap="round" stroke-linejoin="round">${this.#marks.join("")}</g></svg>`
    );
  }

  #define(tag: string, attributes: string, content: string): string {
    const id = `d${this.#count++}`;
    this.#definitions.push(`<${tag} id="${id}" ${attributes}>${content}</${tag}>`);
    return `url(#${id})`;
  }
}

function stopMarks(stops: readonly Stop[]): string {
  return stops
    .map(([offset, color, opacity = 1]) => {
      const through = opacity < 1 ? ` stop-opacity="${round2(opacity)}"` : "";
      return `<stop offset="${round2(offset)}" stop-color="${css(color)}"${through}/>`;
    })
    .join("");
}

function paintText(paint: Paint): string {
  return typeof paint === "string" ? paint : css(paint);
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
