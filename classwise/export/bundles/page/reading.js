// From an image file to the pixels that the model takes.
import { fit } from "./resize.js";

const MAX_PIXELS = 64e6;

/** What the reader of the page is told about a file. */
export class UnreadableImage extends Error {}

/** Returns the pixels of an image file, Uint8Array [H * W * C]; its message names the file. */
export async function readPixels(file, name, [height, width, channels]) {
  const bitmap = await decode(file, name);
  const size = [bitmap.width, bitmap.height];
  if (size[0] * size[1] > MAX_PIXELS) {
    bitmap.close();
    throw new UnreadableImage(
      `“${name}” has ${size[0]} × ${size[1]} pixels; this page takes up to 64 megapixels. ` +
        "Make it smaller and try again.",
    );
  }
  const rgba = pixelsOf(bitmap, name);
  bitmap.close();
  return new Uint8Array(fit(channels === 3 ? rgb(rgba) : gray(rgba), size, [width, height], channels));
}

async function decode(file, name) {
  if (file.size === 0) throw new UnreadableImage(`“${name}” is empty.`);
  try {
    // Turned upright by its EXIF orientation; its color profile is ignored, as Python does.
    return await createImageBitmap(file, { colorSpaceConversion: "none" });
  } catch {
    throw new UnreadableImage(
      `“${name}” can't be read: it is damaged, or no image that this browser knows. ` +
        "PNG, JPEG, WebP, GIF and BMP work; convert others (HEIC, TIFF, SVG, raw, PDF) first.",
    );
  }
}

/** Returns RGBA bytes, transparent parts laid on white. */
function pixelsOf(bitmap, name) {
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  try {
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(0, 0, canvas.width, canvas.height).data;
  } catch {
    throw new UnreadableImage(`“${name}” is too large for this browser's canvas; make it smaller.`);
  }
}

function rgb(rgba) {
  const result = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    result[to] = rgba[from];
    result[to + 1] = rgba[from + 1];
    result[to + 2] = rgba[from + 2];
  }
  return result;
}

/** Luma by ITU-R 601, in Pillow's fixed-point arithmetic. */
function gray(rgba) {
  const result = new Uint8Array(rgba.length / 4);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to++) {
    result[to] =
      (rgba[from] * 19595 + rgba[from + 1] * 38470 + rgba[from + 2] * 7471 + 0x8000) >> 16;
  }
  return result;
}
