// The query: its pixels as the model sees them, and its code as squares.
import { bit } from "./ranking.js";

const BITS_SHOWN = 256;
const LARGE = 144; // pixels from which on scaling up is smooth

export function drawPixels(canvas, pixels, [height, width, channels]) {
  const image = new ImageData(width, height);
  for (let k = 0; k < width * height; k++) {
    for (let c = 0; c < 3; c++) {
      image.data[4 * k + c] = pixels[channels * k + (channels === 3 ? c : 0)];
    }
    image.data[4 * k + 3] = 255;
  }
  [canvas.width, canvas.height] = [width, height];
  canvas.classList.toggle("pixels", width < LARGE);
  canvas.getContext("2d").putImageData(image, 0, 0);
}

export function drawBits(box, code, length) {
  const squares = Array.from({ length: Math.min(length, BITS_SHOWN) }, (_, k) => {
    const square = document.createElement("i");
    square.classList.toggle("one", bit(code, k) === 1);
    return square;
  });
  box.replaceChildren(...squares);
}

/** Rings the bits in which another code differs; none without another code. */
export function ringBits(box, code, other) {
  [...box.children].forEach((square, k) => {
    square.classList.toggle("differs", Boolean(other) && bit(other, k) !== bit(code, k));
  });
}
