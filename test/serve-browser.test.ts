/** The service's page in a real browser. */
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bundle, openBundle } from "../src/bundle/index.js";
import { Fault } from "../src/core/index.js";
import { type RunningService, startService } from "../src/serve/index.js";
import { jpeg, png } from "./photographs.js";
import { writeRandomBundle } from "./small-bundle.js";

const chromiumPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const title = chromiumPath ? "the page in Chromium" : "the page in Chromium (skipped: none installed)";

describe.runIf(chromiumPath)(title, () => {
  let bundle: Bundle;
  let withMap: RunningService;
  let without: RunningService;
  let browser: Browser;
  const complaints: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    const folder = await writeRandomBundle([await png("golden", 64, 48)]);
    bundle = await openBundle(folder, 1);
    withMap = await startService({ bundle, port: 0, host: "127.0.0.1" });
    const explain = () => Promise.reject(new Fault("not-explainable", { what: "no feature map is averaged" }));
    without = await startService({ bundle: await openBundle(folder, 1), explain, port: 0, host: "127.0.0.1" });
    const args = ["--no-sandbox", "--disable-background-networking"];
    browser = await chromium.launch({ executablePath: chromiumPath!, args });
  });

  afterAll(async () => {
    await browser?.close();
    await withMap?.close();
    await without?.close();
  });

  /** `bypassCSP`: the test's own scripts are strings, which the page's policy forbids to evaluate. */
  async function openPage(address: string, { width = 1000, bypassCSP = true } = {}): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 760 }, bypassCSP });
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", ({ message }) => complaints.push(message));
    // The browser itself reports a status of 400 and more; the page says what it means.
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        complaints.push(message.text());
    });
    await page.goto(address);
    await page.locator("#about", { hasText: "3 classes" }).waitFor();
    return page;
  }

  async function choose(page: Page, name: string, bytes: Uint8Array): Promise<void> {
    await page.setInputFiles("#file", { name, mimeType: "image/jpeg", buffer: Buffer.from(bytes) });
    await page.locator("#status", { hasText: new RegExp(`^${name}(?:: | got no answer)`) }).waitFor();
  }

  test("a photograph that is dropped is named, with a bar for each class and the confidence", async () => {
    const page = await openPage(without.address);
    const photograph = await jpeg("dropped", 200, 150);
    const answer = await bundle.classify(photograph);
    await page.evaluate(`(async () => {
      const bytes = Uint8Array.from(atob("${Buffer.from(photograph).toString("base64")}"), (c) => c.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], "dropped.jpg", { type: "image/jpeg" }));
      for (const name of ["dragover", "drop"])
        document.querySelector("#drop").dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true }));
    })()`);
    await page.locator("#status", { hasText: "dropped.jpg: " }).waitFor();
    expect(await page.innerText("#label")).toBe(answer.label);
    expect(await page.innerText("#confidence")).toBe(`confidence ${(answer.confidence * 100).toFixed(1)} %`);
    expect(await page.locator("#classes .row").count()).toBe(3);
    expect(await page.innerText("#classes .chosen .name")).toBe(answer.label);
    expect(await page.locator("#drop.over").count()).toBe(0);
    await page.close();
  });

  test("the policy that it is sent with lets it work", async () => {
    const page = await openPage(withMap.address, { bypassCSP: false });
    await choose(page, "a.jpg", await jpeg("a", 90, 60));
    expect(await page.isVisible("#label")).toBe(true);
    await page.check('[name="view"][value="map"]');
    const heights = await Promise.all(["#map", "#classes .bar"].map((one) => page.locator(one).first().boundingBox()));
    expect(heights.map((box) => box?.height)).toEqual([340, 9]); // its style applies
    await page.close();
  });

  test("without heat maps there is no choice of views", async () => {
    const page = await openPage(without.address);
    const answered = page.waitForResponse(/explain/);
    await choose(page, "a.jpg", await jpeg("a", 90, 60));
    expect((await answered).status()).toBe(422);
    expect(await page.isVisible("#photograph")).toBe(true);
    expect([await page.isVisible("#views"), await page.isVisible("#map")]).toEqual([false, false]);
    await page.close();
  });

  test("with heat maps one looks at the photograph or at the map", async () => {
    const page = await openPage(withMap.address);
    await choose(page, "a.jpg", await jpeg("a", 90, 60));
    await page.waitForSelector("#views:not([hidden])");
    expect([await page.isVisible("#photograph"), await page.isVisible("#map")]).toEqual([true, false]);
    await page.check('[name="view"][value="map"]');
    expect([await page.isVisible("#photograph"), await page.isVisible("#map")]).toEqual([false, true]);
    const [width, height] = (await page.evaluate(
      `(({ naturalWidth, naturalHeight }) => [naturalWidth, naturalHeight])(document.querySelector("#map"))`,
    )) as [number, number];
    expect(width / height).toBeCloseTo(1.5, 1);
    await page.close();
  });

  test("what is no photograph gets the service's line, and the page goes on", async () => {
    const page = await openPage(without.address);
    await choose(page, "notes.jpg", Buffer.from("no picture"));
    expect(await page.innerText("#status")).toMatch(/^notes\.jpg got no answer: the image cannot be decoded; got text/);
    expect(await page.isVisible("#answer")).toBe(false);
    await choose(page, "b.jpg", await jpeg("b", 90, 60));
    expect(await page.isVisible("#answer")).toBe(true);
    await page.close();
  });

  test("fits a phone, by day and by night", async () => {
    const page = await openPage(withMap.address, { width: 360 });
    await choose(page, `${"long-name-".repeat(12)}.jpg`, await jpeg("a", 300, 60));
    const colors: unknown[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
      colors.push(await page.evaluate("getComputedStyle(document.body).backgroundColor"));
    }
    expect(colors[0]).not.toEqual(colors[1]);
    await page.close();
  });

  test("nothing comes from another server, and the browser complains of nothing", () => {
    const own = [withMap.address, without.address];
    const elsewhere = requests.filter((url) => !/^(?:blob|data):/.test(url) && !own.some((one) => url.startsWith(one)));
    expect(elsewhere).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
