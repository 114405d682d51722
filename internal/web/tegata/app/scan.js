// @ts-check
// Reading QR codes: by what the platform has, else by a decoder of our own in a worker.
import { script } from "./trusted.js";

/** @typedef {{ read: (what: ImageBitmapSource & CanvasImageSource, wide: number, high: number) => Promise<string[]>, end: () => void }} Reader */

/** @returns {Promise<Reader>} */
export async function reader() {
  const Detector = /** @type {any} */ (globalThis).BarcodeDetector;
  if (Detector && (await Detector.getSupportedFormats().catch(() => [])).includes("qr_code")) {
    const d = new Detector({ formats: ["qr_code"] });
    return { read: async (what) => (await d.detect(what)).map((/** @type {any} */ c) => c.rawValue), end() {} };
  }
  const worker = new Worker(script(new URL("./scan.worker.js", import.meta.url).href), { type: "module" });
  const canvas = document.createElement("canvas");
  const at = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  return {
    end: () => worker.terminate(),
    read(what, wide, high) {
      canvas.width = wide;
      canvas.height = high;
      at.fillStyle = "#fff"; // pictures may be transparent
      at.fillRect(0, 0, wide, high);
      at.drawImage(what, 0, 0, wide, high);
      const { data } = at.getImageData(0, 0, wide, high);
      return new Promise((resolve, reject) => {
        worker.onmessage = (e) => resolve(e.data ? [e.data] : []);
        worker.onerror = (e) => reject(new Error(e.message || "worker"));
        worker.postMessage({ data, wide, high }, [data.buffer]);
      });
    },
  };
}

/**
 * Reads the codes in a picture. Large ones are tried smaller too: that is where the
 * decoders see best.
 * @param {Blob} file @returns {Promise<string[]>}
 */
export async function picture(file) {
  const bitmap = await createImageBitmap(file);
  const by = await reader();
  try {
    for (const most of [1600, 800, 2800, 400]) {
      const scale = Math.min(1, most / Math.max(bitmap.width, bitmap.height));
      const found = await by.read(bitmap, Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
      if (found.length) return [...new Set(found)];
    }
    return [];
  } finally {
    by.end();
    bitmap.close();
  }
}

/**
 * Shows the camera in a video and tells what it sees until it is stopped.
 * @param {HTMLVideoElement} video @param {(text: string) => void} seen
 * @returns {Promise<() => void>} stops it
 */
export async function camera(video, seen) {
  if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("", "NotFoundError");
  const stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } } });
  let on = true;
  const by = await reader();
  const stop = () => {
    if (on) by.end();
    on = false;
    for (const track of stream.getTracks()) track.stop();
  };
  video.srcObject = stream;
  await video.play().catch(() => {});
  (async () => {
    while (on) {
      if (video.videoWidth) {
        const scale = Math.min(1, 800 / Math.max(video.videoWidth, video.videoHeight));
        const found = await by.read(video, Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale)).catch(() => []);
        if (on) for (const text of found) seen(text);
      }
      await new Promise((next) => setTimeout(next, 120));
    }
  })();
  return stop;
}
