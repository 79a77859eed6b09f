// The page of `classwise serve`: asks the server with a photo, shows what lies near.
import { oneStop, walkWithArrows } from "./walking.js";

const RESULTS = 24; // at a time
const MOST = 1000; // what the server gives
const THUMBNAILS = 36;
const $ = (id) => document.getElementById(id);

let about;
let query; // { name, ask, k, hits }
let latest = 0; // number of the newest question; answers to older ones are dropped
let seed = 0;

start().catch((error) => tell(`The server does not answer: ${error.message}.`));

async function start() {
  about = await fetched("about");
  $("name").textContent = about.name;
  document.title = `${about.name}: photo search`;
  $("facts").textContent = [
    "classwise", `${about.count.toLocaleString("en")} photos`, `${about.code_length}-bit codes`,
  ].join(" · ");
  fillClasses();
  listen();
  const [first] = await showThumbnails();
  await askItem(first);
}

/** Returns what the server answers; throws its sentence where it refuses. */
async function fetched(address, options) {
  const response = await fetch(address, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/** Asks; `request` is a function from a number of photos to what the server answers. */
async function ask(name, request, picture = null) {
  const number = ++latest;
  try {
    const answer = await request(RESULTS);
    if (number !== latest) return false;
    query = { name, request, k: RESULTS, hits: answer.hits };
    $("error").hidden = true;
    $("asked").textContent = name;
    $("seen").src = picture ?? answer.query.picture;
    $("seen").hidden = false;
    $("found").hidden = false;
    $("results").replaceChildren(...query.hits.map(card));
    oneStop($("results"));
    summarize();
    return true;
  } catch (error) {
    if (number === latest) tell(`“${name}”: ${error.message}`);
    return false;
  }
}

function askItem({ item, name }) {
  return ask(name, (k) => fetched(`near?item=${item}&k=${k}`), `thumbnails/${item}`);
}

/** Asks with the first of some files, as they come from a dialogue, a drop or the clipboard. */
function askFirst(files, nothing) {
  const [file] = files;
  if (!file) tell(nothing);
  else ask(file.name, (k) => fetched(`near?k=${k}`, { method: "POST", body: file }));
}

function tell(message) {
  $("error").textContent = message;
  $("error").hidden = false;
  $("error").scrollIntoView({ block: "nearest" });
}

async function showMore() {
  const { request, hits } = query;
  const number = latest;
  const k = Math.min(query.k + 2 * RESULTS, MOST);
  const answer = await request(k);
  if (number !== latest) return;
  const added = answer.hits.slice(hits.length).map(card);
  query = { ...query, k, hits: answer.hits };
  $("results").append(...added);
  summarize();
  const button = added[0]?.firstChild;
  oneStop($("results"), button);
  button?.focus();
}

function card(hit) {
  const similarity = hit.similarity === null ? "" : `, cosine ${hit.similarity.toFixed(3)}`;
  const label = `${hit.name}, ${hit.distance} of ${about.code_length} bits differ${similarity}`;
  const entry = pictureButton(hit, `${label}; ask with it`);
  const caption = document.createElement("span");
  caption.className = "caption";
  const distance = document.createElement("span");
  distance.className = "distance";
  const bits = document.createElement("b");
  bits.textContent = hit.distance;
  const unit = document.createElement("span");
  const cosine = hit.similarity === null ? "" : ` · ${hit.similarity.toFixed(3)}`;
  unit.textContent = (hit.distance === 1 ? "bit" : "bits") + cosine;
  distance.append(bits, unit);
  const what = document.createElement("span");
  what.className = "what";
  what.textContent = hit.name;
  caption.append(distance, what);
  entry.firstChild.append(caption);
  return entry;
}

/** Returns an `li` with a button that shows a photo, or says that it cannot. */
function pictureButton(entry, label) {
  const button = document.createElement("button");
  button.type = "button";
  button.photo = entry;
  button.title = entry.name;
  button.setAttribute("aria-label", label);
  const image = new Image();
  image.className = "square";
  image.loading = "lazy";
  image.draggable = false;
  image.alt = "";
  image.addEventListener("error", () => {
    const gone = document.createElement("span");
    gone.className = "square gone";
    gone.textContent = "cannot be shown";
    image.replaceWith(gone);
  });
  image.src = `thumbnails/${entry.item}`;
  button.append(image);
  const row = document.createElement("li");
  row.append(button);
  return row;
}

function summarize() {
  const { hits, name } = query;
  $("more").hidden = hits.length < query.k || query.k >= MOST;
  const distances = hits.map((hit) => hit.distance);
  const range = `${Math.min(...distances)} to ${Math.max(...distances)}`;
  const text = hits.length
    ? `${hits.length} photos that differ in ${range} of ${about.code_length} bits`
      + (about.vectors ? `, ordered by the cosine of their ${about.vectors}.` : ".")
    : "The index holds no other photo.";
  $("summary").textContent = text;
  $("status").textContent = `${name}: ${text}`;
}

async function showThumbnails() {
  const label = $("class").value;
  const wanted = label === "" ? "" : `&class=${label}`;
  const { items, total } = await fetched(`items?count=${THUMBNAILS}&seed=${seed}${wanted}`);
  $("thumbnails").replaceChildren(
    ...items.map((entry) => pictureButton(entry, `Ask with ${entry.name}`)),
  );
  oneStop($("thumbnails"));
  $("shown").textContent = `${items.length} of ${total.toLocaleString("en")} photos`;
  $("shuffle").hidden = items.length === total;
  return items;
}

function fillClasses() {
  const names = about.class_names;
  $("class").append(new Option("all", ""), ...names.map((name, label) => new Option(name, label)));
  $("filter").hidden = !names.length;
}

function listen() {
  const told = (error) => tell(error.message);
  $("choose").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", () => {
    if ($("file").files.length) askFirst($("file").files, "");
    $("file").value = ""; // so that the same file can be chosen again
  });
  $("more").addEventListener("click", () => showMore().catch(told));
  $("shuffle").addEventListener("click", () => {
    seed += 1;
    showThumbnails().catch(told);
  });
  $("class").addEventListener("change", () => showThumbnails().catch(told));
  for (const list of [$("results"), $("thumbnails")]) {
    walkWithArrows(list);
    list.addEventListener("click", async (event) => {
      const button = event.target.closest("button");
      if (!button || !(await askItem(button.photo))) return;
      $("query").scrollIntoView({ block: "nearest" });
      if (list === $("results")) {
        $("results").querySelector("button")?.focus({ preventScroll: true });
      }
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
    askFirst(event.dataTransfer.files, "What was dropped is no file; drop an image file.");
  });
  addEventListener("paste", (event) => {
    const nothing = "The clipboard holds no image; copy one and paste again.";
    askFirst(event.clipboardData.files, nothing);
  });
}
