// The page: asks with an image, shows its code and the gallery ranked by Hamming distance.
import { drawBits, drawPixels, ringBits } from "./drawing.js";
import { imageFile, loadBundle, pictureButton, title } from "./gallery.js";
import { loadHasher } from "./hasher.js";
import { codeOf, distances, hex, rank } from "./ranking.js";
import { readPixels, UnreadableImage } from "./reading.js";
import { oneStop, walkWithArrows } from "./walking.js";

// At least as many at a time; whole rows are filled.
const RESULTS = 16;
const THUMBNAILS = 36;
const $ = (id) => document.getElementById(id);

let bundle, hash;
let query; // { name, item, code, distances, order, shown }
let latest = 0; // number of the newest question; answers to older ones are dropped

start().catch((error) => {
  console.error(error);
  $("waiting").hidden = true;
  tell(`The page cannot start: ${error.message}. Is the folder complete, and the browser recent?`);
  $("app").before($("error"));
});

async function start() {
  bundle = await loadBundle();
  hash = await loadHasher("model.onnx", bundle.image_shape);
  describe();
  listen();
  fillClasses();
  $("waiting").hidden = true;
  $("app").hidden = false; // before anything is laid out in rows
  showThumbnails(false);
  await askGallery(0);
}

/** Asks with a file; `item` is its place in the gallery, if it has one. */
async function ask(file, name, item = null) {
  const number = ++latest;
  try {
    const pixels = await readPixels(file, name, bundle.image_shape);
    const code = await hash(pixels);
    if (number !== latest) return;
    const apart = distances(code, bundle.codes);
    query = { name, item, code, distances: apart, order: rank(apart), shown: 0 };
    $("error").hidden = true;
    showQuery(pixels);
    $("results").replaceChildren();
    showMore();
  } catch (error) {
    if (number !== latest) return;
    if (!(error instanceof UnreadableImage)) console.error(error);
    tell(error instanceof UnreadableImage ? error.message : `“${name}”: ${error.message}`);
  }
}

async function askGallery(item) {
  const { gallery } = bundle;
  const named = gallery.labels ? `${title(gallery, item)} (${gallery.names[item]})` : gallery.names[item];
  await imageFile(item).then(
    (file) => ask(file, named, item),
    (error) => tell(`The gallery image cannot be shown: ${error.message}.`),
  );
}

/** Asks with the first of some files, as they come from a dialogue, a drop or the clipboard. */
function askFirst(files, nothing) {
  if (files.length) ask(files[0], files[0].name);
  else tell(nothing);
}

function tell(message) {
  $("error").textContent = message;
  $("error").hidden = false;
  $("error").scrollIntoView({ block: "nearest" });
}

function showQuery(pixels) {
  const { name, item, code } = query;
  $("asked").textContent = name;
  drawPixels($("seen"), pixels, bundle.image_shape);
  drawBits($("bits"), code, bundle.code_length);
  $("hex").textContent = hex(code);
  const [own] = item === null ? [] : distances(code, codeOf(bundle.codes, item, code.length));
  $("same").textContent =
    item === null ? "" : own === 0 ? "✓ The same code as Python's."
      : `${own} ${own === 1 ? "bit differs" : "bits differ"} from Python's code of this image.`;
}

function showMore() {
  const next = query.order.slice(query.shown, query.shown + wholeRows($("results"), RESULTS));
  $("results").append(...next.map(card));
  query.shown += next.length;
  if (query.shown === next.length) oneStop($("results"));
  else oneStop($("results"), $("results").children[query.shown - next.length].firstChild);
  $("more").hidden = query.shown >= query.order.length;
  summarize();
}

function wholeRows(grid, least) {
  const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  return columns * Math.ceil(least / columns);
}

function card(item) {
  const { gallery, code_length: length } = bundle;
  const apart = query.distances[item];
  const what = item === query.item ? "itself" : title(gallery, item);
  const label = `${what}, ${apart} of ${length} bits differ; ask with it`;
  const entry = pictureButton(item, label, bundle.image_shape);
  const other = gallery.labels && query.item !== null
    && gallery.labels[item] !== gallery.labels[query.item];
  entry.firstChild.classList.toggle("other", Boolean(other));
  entry.firstChild.title = gallery.names[item];
  entry.firstChild.classList.toggle("itself", item === query.item);
  const caption = document.createElement("span");
  caption.className = "caption";
  caption.innerHTML =
    '<span class="distance"><b></b><span></span></span>' +
    '<svg class="bar" viewBox="0 0 1 1" preserveAspectRatio="none"><rect height="1"/></svg>' +
    '<span class="what"></span>';
  caption.querySelector("b").textContent = apart;
  caption.querySelector(".distance span").textContent = apart === 1 ? "bit" : "bits";
  caption.querySelector("rect").setAttribute("width", apart / length);
  caption.querySelector(".what").textContent = what;
  entry.firstChild.append(caption);
  return entry;
}

function summarize() {
  const { gallery } = bundle;
  const seen = query.order.slice(0, query.shown);
  const farthest = query.distances[seen[seen.length - 1]];
  let text = `The nearest ${seen.length} of ${query.order.length} images differ in `
    + `${query.distances[seen[0]]} to ${farthest} of ${bundle.code_length} bits.`;
  if (gallery.labels && query.item !== null) {
    const label = gallery.labels[query.item];
    const same = seen.filter((item) => gallery.labels[item] === label).length;
    text += same === seen.length ? ` All are of the class ${gallery.class_names[label]}.`
      : ` ${same} are of the class ${gallery.class_names[label]}; the others' names are orange.`;
  }
  $("summary").textContent = text;
  $("status").textContent = `${query.name}: code ${hex(query.code)}. ${text}`;
}

function showThumbnails(shuffled) {
  const { labels, names } = bundle.gallery;
  const wanted = $("class").value;
  const items = [...names.keys()].filter((item) => wanted === "" || labels[item] === Number(wanted));
  const total = items.length;
  const count = Math.min(wholeRows($("thumbnails"), THUMBNAILS), items.length);
  const chosen = Array.from({ length: count }, (_, k) => {
    if (!shuffled) return items[Math.floor((k * total) / count)];
    return items.splice(Math.floor(Math.random() * items.length), 1)[0];
  });
  const label = (item) => `Ask with ${title(bundle.gallery, item)}, ${names[item]}`;
  $("thumbnails").replaceChildren(
    ...chosen.map((item) => pictureButton(item, label(item), bundle.image_shape)),
  );
  oneStop($("thumbnails"));
  $("shown").textContent = `${count} of ${total} images`;
  $("shuffle").hidden = count === total;
}

function fillClasses() {
  const names = bundle.gallery.labels ? bundle.gallery.class_names : [];
  $("class").append(new Option("all", ""), ...names.map((name, label) => new Option(name, label)));
  $("filter").hidden = !names.length;
}

function describe() {
  const { name, facts, code_length: length, image_shape: [height, width, channels] } = bundle;
  const size = `${width} × ${height}`;
  $("name").replaceChildren(...name.split(/(?<=[_.-])/).flatMap((part) => [part, document.createElement("wbr")]));
  document.title = `${name}: image search by hash codes`;
  $("facts").textContent = `classwise · ${length}-bit codes · ${size} ${channels === 3 ? "RGB" : "gray"} images`;
  $("size").textContent = size;
  $("bits").style.setProperty("--columns", length <= 64 ? 12 : 16);
  const about = { ...facts, gallery: `${bundle.gallery.names.length} images, ${bundle.gallery.name}`,
    classwise: bundle.classwise_version };
  for (const [key, value] of Object.entries(about)) {
    const row = document.createElement("div");
    row.append(document.createElement("dt"), document.createElement("dd"));
    row.firstChild.textContent = key;
    row.lastChild.textContent = value;
    $("about").append(row);
  }
}

function listen() {
  $("choose").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", () => {
    if ($("file").files.length) askFirst([...$("file").files], "");
    $("file").value = ""; // so that the same file can be chosen again
  });
  $("more").addEventListener("click", () => {
    const next = query.shown;
    showMore();
    $("results").children[next].firstChild.focus();
  });
  $("shuffle").addEventListener("click", () => showThumbnails(true));
  $("class").addEventListener("change", () => showThumbnails(false));
  for (const list of [$("results"), $("thumbnails")]) {
    walkWithArrows(list);
    list.addEventListener("click", async (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      await askGallery(Number(button.dataset.item));
      $("query").scrollIntoView({ block: "nearest" });
      if (list === $("results")) $("results").querySelector("button").focus({ preventScroll: true });
    });
  }
  for (const [kind, on] of [["pointerover", true], ["focusin", true], ["pointerout", false], ["focusout", false]]) {
    $("results").addEventListener(kind, (event) => {
      const button = on && event.target.closest("button");
      const { code } = query;
      ringBits($("bits"), code, button && codeOf(bundle.codes, Number(button.dataset.item), code.length));
    });
  }
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    askFirst([...event.dataTransfer.files], "What was dropped is no file; drop an image file.");
  });
  addEventListener("paste", (event) => {
    askFirst([...event.clipboardData.files], "The clipboard holds no image; copy one and paste again.");
  });
}
