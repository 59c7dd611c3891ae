// A worker that finds codes in pictures with zxing-wasm, all of it from this server.
let ready = null;

function start({ library, wasm }) {
  importScripts(library);
  ready = ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });
}
const FORMATS = ["Code128", "EAN13", "EAN8", "UPCA", "UPCE", "ITF", "QRCode", "DataMatrix", "DataBar", "DataBarExpanded"];

onmessage = async ({ data }) => {
  if (data.start) return start(data.start);
  try {
    await ready;
    const found = await ZXingWASM.readBarcodes(data.picture, { formats: FORMATS, tryHarder: true, maxNumberOfSymbols: 1, textMode: "Plain" });
    postMessage({ id: data.id, text: found.find((code) => code.isValid)?.text ?? "" });
  } catch (error) {
    postMessage({ id: data.id, text: "", error: String(error) });
  }
};
