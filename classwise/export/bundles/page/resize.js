// Crop and resize as classwise's Python reader does: Pillow's ImageOps.fit with antialiased bicubic
// interpolation, in Pillow's own fixed-point arithmetic, so that every pixel comes out the same.
// Pillow rounds between the two passes, so their order matters: this is that of Pillow 13. Earlier
// ones always start with the rows.

const PRECISION = 22; // bits behind the point of a weight
const SUPPORT = 2; // pixels, of the cubic at scale 1

/** Returns interleaved pixels cut to the wanted proportions around the center, and resized. */
export function fit(pixels, [width, height], [toWidth, toHeight], channels) {
  const ratio = toWidth / toHeight;
  let cropWidth = width;
  let cropHeight = height;
  if (width / height > ratio) cropWidth = ratio * height;
  else if (width / height < ratio) cropHeight = width / ratio;
  const left = (width - cropWidth) * 0.5;
  const top = (height - cropHeight) * 0.5;

  const across = weights(width, left, left + cropWidth, toWidth);
  const down = weights(height, top, top + cropHeight, toHeight);
  const shorten = (columns) => {
    if (down) pixels = resample(pixels, down, columns, channels, channels, columns * channels, true);
  };
  const narrow = (rows) => {
    if (across) pixels = resample(pixels, across, rows, channels, width * channels, channels);
  };
  if (height > toHeight && height - toHeight > 2 * (width - toWidth)) {
    shorten(width);
    narrow(toHeight);
  } else {
    narrow(height);
    shorten(toWidth);
  }
  return pixels;
}

/** Returns, for each output pixel, its first input pixel and their weights; null for no change. */
function weights(size, from, to, toSize) {
  [from, to] = [Math.fround(from), Math.fround(to)]; // Pillow keeps a box in single precision
  if (size === toSize && from === 0 && to === size) return null;
  const scale = Math.fround(to - from) / toSize;
  const stretch = Math.max(scale, 1);
  const support = SUPPORT * stretch;
  return Array.from({ length: toSize }, (_, pixel) => {
    const center = from + (pixel + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const last = Math.min(size, Math.trunc(center + support + 0.5));
    const inverse = 1 / stretch;
    const raw = [];
    for (let x = 0; x < last - first; x++) raw.push(cubic((x + first - center + 0.5) * inverse));
    const sum = raw.reduce((total, weight) => total + weight, 0);
    const fixed = raw.map((weight) => {
      const scaled = (sum === 0 ? weight : weight / sum) * 2 ** PRECISION;
      return Math.trunc(scaled + (scaled < 0 ? -0.5 : 0.5));
    });
    return { first, fixed };
  });
}

function cubic(x) {
  const a = -0.5;
  x = Math.abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/** Applies the weights along one axis; `lines` of them lie `lineStep` apart. */
function resample(pixels, outputs, lines, channels, lineStep, step, rowsFirst = false) {
  const result = new Uint8ClampedArray(outputs.length * lines * channels);
  for (let line = 0; line < lines; line++) {
    outputs.forEach(({ first, fixed }, output) => {
      const place = (rowsFirst ? output * lines + line : line * outputs.length + output) * channels;
      for (let channel = 0; channel < channels; channel++) {
        let sum = 2 ** (PRECISION - 1);
        let at = line * lineStep + first * step + channel;
        for (let x = 0; x < fixed.length; x++, at += step) sum += pixels[at] * fixed[x];
        result[place + channel] = Math.floor(sum / 2 ** PRECISION);
      }
    });
  }
  return result;
}
