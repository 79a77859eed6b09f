// The model: pixels in, packed code out.
import * as ort from "./runtime/ort.wasm.min.mjs";

// One thread: more would need headers that not every static server sends.
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = new URL("./runtime/", import.meta.url).href;

/** Returns a function from pixels, Uint8Array [H * W * C], to a code, Uint8Array [bytes]. */
export async function loadHasher(url, imageShape) {
  const session = await ort.InferenceSession.create(url, { executionProviders: ["wasm"] });
  let last = Promise.resolve();
  return (pixels) => {
    // A session runs one image at a time.
    last = last.catch(() => {}).then(async () => {
      const images = new ort.Tensor("uint8", pixels, [1, ...imageShape]);
      const { code } = await session.run({ images }, ["code"]);
      return new Uint8Array(code.data);
    });
    return last;
  };
}
