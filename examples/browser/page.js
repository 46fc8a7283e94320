// The page: opens the bundle of ?bundle=ADDRESS (by default "bundle/"), checks it, and classifies what is chosen, dropped or pasted.
import { checkGolden, classify, openBundle, prepare } from "./classify.js";

/** Classes shown; the others are summed up in one line. */
const shownClasses = 8;
/** Largest difference of a golden probability that another engine may show. */
const tolerance = 0.02;

const find = (selector) => document.querySelector(selector);
const percent = (fraction) => `${(fraction * 100).toFixed(1)} %`;

function say(text, state) {
  find("#status").textContent = text;
  find("#status").dataset.state = state;
}

/** An element with text; names of classes are never markup. */
function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function classRow(label, probability, chosen) {
  const row = element("li", chosen ? "row chosen" : "row");
  const bar = element("span", "bar");
  bar.style.setProperty("--share", String(probability));
  row.append(element("span", "name", label), bar, element("span", "value", percent(probability)));
  return row;
}

function showAnswer(labels, { label, probabilities }) {
  const confidence = probabilities[labels.indexOf(label)];
  find("#label").textContent = label;
  find("#confidence").textContent = `confidence ${percent(confidence)}`;
  const ranked = labels.map((name, i) => ({ name, probability: probabilities[i] }));
  ranked.sort((a, b) => b.probability - a.probability);
  const rows = ranked
    .slice(0, shownClasses)
    .map(({ name, probability }) => classRow(name, probability, name === label));
  const rest = ranked.slice(shownClasses);
  if (rest.length > 0) {
    const sum = rest.reduce((total, { probability }) => total + probability, 0);
    rows.push(classRow(`${rest.length} other classes`, sum, false));
  }
  find("#classes").replaceChildren(...rows);
  find("#answer").hidden = false;
}

/** The photograph that was asked for last: a slower answer to an earlier one is not shown. */
let asked = 0;

async function show(bundle, file, name) {
  const mine = ++asked;
  const photograph = find("#photograph");
  URL.revokeObjectURL(photograph.src);
  photograph.src = URL.createObjectURL(file);
  photograph.alt = name;
  photograph.hidden = false;
  find("#invitation").hidden = true;
  find("#answer").hidden = true;
  try {
    const start = performance.now();
    const answer = await classify(bundle, await prepare(bundle, file));
    if (mine !== asked) return;
    showAnswer(bundle.labels, answer);
    say(`${name}: ${Math.round(performance.now() - start)} ms`, "ready");
  } catch (error) {
    if (mine === asked) say(`${name} cannot be classified: ${error.message}`, "failed");
  }
}

/** The bundle's own golden photographs, to try it without one at hand. */
function offerExamples(bundle, examples) {
  const buttons = examples.map(({ image }, i) => {
    const button = element("button", "example");
    button.type = "button";
    button.title = `golden photograph ${i + 1}`;
    const picture = element("img", "");
    picture.src = new URL(image, bundle.base).href;
    picture.alt = button.title;
    button.append(picture);
    button.addEventListener("click", async () => show(bundle, await (await bundle.read(image)).blob(), button.title));
    return button;
  });
  find("#examples").replaceChildren(...buttons);
}

function listen(bundle) {
  const accept = ([file]) => file && show(bundle, file, file.name);
  const drop = find("#drop");
  find("#file").addEventListener("change", ({ target }) => accept(target.files));
  addEventListener("paste", ({ clipboardData }) => accept(clipboardData.files));
  for (const name of ["dragover", "dragleave", "drop"])
    addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
      if (name === "drop") accept(event.dataTransfer.files);
    });
  find("#file").disabled = false;
}

/** What a person should know about answers given here. */
function accuracyText(difference) {
  const percents = (difference * 100).toFixed(1);
  return `A browser decodes and resizes photographs with other code than assay. On the golden photographs, which are PNG files, this moved no probability by more than ${percents} percentage points; JPEG files may differ a little more.`;
}

try {
  say("Loading the model …", "loading");
  const bundle = await openBundle(new URLSearchParams(location.search).get("bundle") ?? "bundle/");
  find("#about").textContent = `${bundle.labels.length} classes; the photograph stays on this machine.`;
  const { examples, differences } = await checkGolden(bundle);
  const off = differences.pixels;
  if (!(off <= tolerance)) throw new Error(`golden probabilities are off by ${off.toFixed(3)}`);
  listen(bundle);
  offerExamples(bundle, examples);
  find("#accuracy").textContent = accuracyText(differences.photographs);
  say(`Ready: ${examples.length} golden examples reproduced, within ${off.toExponential(0)}.`, "ready");
} catch (error) {
  say(`This bundle cannot be used: ${error.message}`, "failed");
}
