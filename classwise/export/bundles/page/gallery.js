// The gallery: what its images are called, and where they lie.

/** Returns the folder's description and the gallery's codes; throws where a file is missing. */
export async function loadBundle() {
  const [about, codes] = await Promise.all([fetched("bundle.json"), fetched("codes.bin")]);
  return { ...(await about.json()), codes: new Uint8Array(await codes.arrayBuffer()) };
}

async function fetched(file) {
  const response = await fetch(file);
  if (!response.ok) throw new Error(`${file} cannot be fetched (${response.status})`);
  return response;
}

export function address(item) {
  return `gallery/${String(item).padStart(5, "0")}.png`;
}

/** Returns the pixels' file of a gallery image. */
export async function imageFile(item) {
  return (await fetched(address(item))).blob();
}

/** Returns the class of an item in words, or its file's name where nobody named classes. */
export function title({ labels, class_names: names, names: ids }, item) {
  return labels ? names[labels[item]] : ids[item];
}

/** Returns an `li` with a button that shows the item. */
export function pictureButton(item, label, imageShape) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.item = item;
  button.setAttribute("aria-label", label);
  const image = new Image(imageShape[1], imageShape[0]);
  image.loading = "lazy";
  image.draggable = false;
  image.alt = "";
  image.classList.toggle("pixels", imageShape[1] < 96);
  image.src = address(item);
  button.append(image);
  const entry = document.createElement("li");
  entry.append(button);
  return entry;
}
