/** The report in a real browser: no width that must be scrolled, no text too small or too pale, nothing fetched, printable. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sampleExtras, tunedExtras } from "../src/report/extras.test-data.js";
import { renderReport } from "../src/report/index.js";
import { sample } from "../src/report/sample.test-data.js";

const chromiumPath = [process.env.CHROMIUM_PATH, "/usr/bin/chromium"].find((path) => path && existsSync(path));
const title = chromiumPath ? "the report" : "the report (skipped: no Chromium; CHROMIUM_PATH names one)";

/** What of the page is wider than the window; parts that scroll by themselves may be. */
const findWide = `(() => {
  const limit = document.documentElement.clientWidth + 1;
  const scrolls = (element) => element.closest(".scroll, .hidden, thead");
  return [...document.querySelectorAll("main *")]
    .filter((element) => !scrolls(element) && element.getBoundingClientRect().right > limit)
    .map((element) => element.tagName + "." + element.getAttribute("class"));
})()`;

/** Text that does not fit its own box and is cut off. */
const findCut = `[...document.querySelectorAll("main td, main li, main p, figure, article")]
  .filter((element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX === "hidden")
  .map((element) => element.tagName + "." + element.className)`;

/** The smallest text as it is drawn, in pixels; that of SVG is scaled with it. */
const smallestText = `Math.min(...[...document.querySelectorAll("main *")]
  .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== ""))
  .filter((element) => element.getClientRects().length > 0 && !["TITLE", "STYLE"].includes(element.tagName.toUpperCase()))
  .map((element) => parseFloat(getComputedStyle(element).fontSize) * (element.ownerSVGElement ? element.ownerSVGElement.getScreenCTM().a : 1)))`;

/** Text of charts that is cut off at their edge, or lies on another. */
const findIllegible = `[...document.querySelectorAll("svg.plot")].flatMap((plot) => {
  const frame = plot.getBoundingClientRect();
  const texts = [...plot.querySelectorAll("text")].map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }));
  const cut = texts.filter(({ box }) => box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom);
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const covered = texts.filter(({ box }, i) => texts.slice(i + 1).some((other) => meet(box, other.box)));
  return [...cut, ...covered].map(({ text }) => text);
})`;

/** Decisions that are broken within, and boxes that touch what follows them. */
const findBroken = `[...document.querySelectorAll(".outcome b")].filter((word) => word.getClientRects().length > 1).map((word) => word.textContent)`;
const findTouching = `[...document.querySelectorAll("section > .notice")]
  .filter((box) => box.nextElementSibling.getBoundingClientRect().top - box.getBoundingClientRect().bottom < 12)
  .map((box) => box.textContent)`;

/** What has once been too wide: 100.0 % and 1.10 G at the axes, many epochs, decisions beside long reasons, warnings about test. */
const crowded = renderReport(
  {
    ...sample,
    metrics: {
      ...sample.metrics,
      classes: sample.metrics.classes.map((row, i) => ({ ...row, testCount: i === 0 ? 0 : 7 })),
    },
  },
  crowdedExtras(),
);

function crowdedExtras(): typeof tunedExtras {
  const tuned = tunedExtras.candidates!.at(-1)!;
  const untried = sampleExtras.candidates!.at(-1)!;
  const { history } = tunedExtras.fineTuning!;
  return {
    ...tunedExtras,
    candidates: [
      ...tunedExtras.candidates!,
      { ...tuned, accuracy: 1, multiplyAdds: 84e7 },
      { ...tuned, accuracy: 0.999, multiplyAdds: 11e8 },
      { ...untried, reason: "the time for trials, 24.0 s of 1 min 0 s, is spent" },
    ],
    fineTuning: {
      ...tunedExtras.fineTuning!,
      history: Array.from({ length: 31 }, (_, epoch) => ({ ...history[0]!, epoch })),
    },
  };
}

describe.runIf(chromiumPath)(title, () => {
  let folder: string;
  let address: string;
  let browser: Browser;
  const requests: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "assay-report-"));
    const path = join(folder, "report.html");
    writeFileSync(path, renderReport(sample, sampleExtras));
    address = pathToFileURL(path).href;
    browser = await chromium.launch({
      executablePath: chromiumPath!,
      args: ["--no-sandbox", "--disable-background-networking"],
    });
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(width: number, colorScheme: "light" | "dark" = "light"): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 844 }, colorScheme });
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(address);
    return page;
  }

  test.each([320, 390, 768, 1024, 1280, 1600])("fits %d pixels", async (width) => {
    const page = await open(width);
    const [scrolled, visible] = await page.evaluate<[number, number]>(
      "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
    );
    expect(await page.evaluate(findWide)).toEqual([]);
    expect(await page.evaluate(findCut)).toEqual([]);
    expect(scrolled).toBeLessThanOrEqual(visible);
    expect(await page.evaluate<number>(smallestText)).toBeGreaterThanOrEqual(10);
    await page.close();
  });

  test.each([320, 390, 1280])(
    "has room at %d pixels for every label of a chart, every decision, every warning",
    async (width) => {
      const page = await open(width);
      await page.setContent(crowded);
      expect(await page.evaluate("document.querySelectorAll('svg.plot').length")).toBe(7);
      const [illegible, broken, wide, touching] = await Promise.all(
        [findIllegible, findBroken, findWide, findTouching].map((find) => page.evaluate(find)),
      );
      expect({ illegible, broken, wide, touching }).toEqual({ illegible: [], broken: [], wide: [], touching: [] });
      expect(await page.evaluate("document.querySelectorAll('section > .notice').length")).toBe(2);
      await page.close();
    },
  );

  test("fetches nothing but itself and its own pictures", () => {
    expect(requests.length).toBeGreaterThan(0);
    expect(requests.filter((url) => url !== address && !url.startsWith("data:image/"))).toEqual([]);
  });

  test("is dark where the reader prefers it, and light on paper all the same", async () => {
    const background = "getComputedStyle(document.body).backgroundColor";
    const [day, night] = [await open(1280), await open(1280, "dark")];
    expect(await day.evaluate(background)).not.toBe(await night.evaluate(background));
    await night.emulateMedia({ media: "print", colorScheme: "dark" });
    expect(await night.evaluate(background)).toBe("rgb(255, 255, 255)");
    expect((await day.pdf({ format: "A4" })).length).toBeGreaterThan(20_000);
    await day.close();
    await night.close();
  });

  test("every picture of a mistake is drawn", async () => {
    const page = await open(1280);
    const widths = "[...document.images].map((image) => image.complete && image.naturalWidth)";
    expect(await page.evaluate(widths)).toEqual([8, 8, 8]);
    await page.close();
  });
});
