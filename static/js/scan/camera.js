// The camera as a scanner: the browser's own BarcodeDetector where it has one, else zxing-wasm in a worker.
const PAUSE = 120;
const AGAIN = 1500; // the same code counts again once it was out of sight for so long
const NATIVE = ["code_128", "ean_13", "ean_8", "upc_a", "itf", "qr_code", "data_matrix"];

/** Finds a code in an ImageData; "" when there is none. */
export async function makeReader({ library, wasm, decoder }, native = globalThis.BarcodeDetector) {
  try {
    const known = (await native?.getSupportedFormats()) ?? [];
    if (NATIVE.every((format) => known.includes(format))) {
      const detector = new native({ formats: NATIVE });
      return async (picture) => (await detector.detect(picture))[0]?.rawValue ?? "";
    }
  } catch {
    // It is there but does not work; ours does.
  }
  const worker = new Worker(decoder);
  const asked = new Map();
  let last = 0;
  worker.onmessage = ({ data }) => {
    asked.get(data.id)?.(data.text);
    asked.delete(data.id);
  };
  worker.postMessage({ start: { library, wasm } });
  return (picture) =>
    new Promise((resolve) => {
      asked.set(++last, resolve);
      worker.postMessage({ id: last, picture }, [picture.data.buffer]);
    });
}

export class Camera {
  #stream = null;
  #reader = null;
  #seen = { text: "", at: 0 };

  constructor(video, files, found) {
    Object.assign(this, { video, files, found });
  }
  get on() {
    return this.#stream !== null;
  }
  /** Throws when there is no camera, or the person does not allow it. */
  async start() {
    const wanted = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } };
    this.#stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    this.video.srcObject = this.#stream;
    await this.video.play();
    this.#reader ??= await makeReader(this.files);
    this.#look();
  }
  stop() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = this.video.srcObject = null;
  }
  async #look() {
    const canvas = new OffscreenCanvas(1, 1);
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    while (this.on) {
      const { videoWidth: width, videoHeight: height } = this.video;
      if (width && !document.hidden) {
        Object.assign(canvas, { width, height });
        pen.drawImage(this.video, 0, 0);
        this.#note(await this.#reader(pen.getImageData(0, 0, width, height)));
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
  #note(text) {
    const now = performance.now();
    if (!text || !this.on) return;
    const again = text === this.#seen.text && now - this.#seen.at < AGAIN;
    this.#seen = { text, at: now };
    if (!again) this.found(text);
  }
}
