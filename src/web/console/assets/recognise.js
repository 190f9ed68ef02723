// Whether a file is an image that the service reads, told by its first bytes, as the service does.

/** The first bytes of each format; `undefined` may be any byte. */
const STARTS = {
  JPEG: [[0xff, 0xd8, 0xff]],
  PNG: [[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  TIFF: [[0x49, 0x49, 42, 0], [0x49, 0x49, 43, 0], [0x4d, 0x4d, 0, 42], [0x4d, 0x4d, 0, 43]],
  WebP: [[0x52, 0x49, 0x46, 0x46, undefined, undefined, undefined, undefined, 0x57, 0x45, 0x42, 0x50]],
  GIF: [[0x47, 0x49, 0x46, 0x38, 0x37, 0x61], [0x47, 0x49, 0x46, 0x38, 0x39, 0x61]],
  'JPEG 2000': [[0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a], [0xff, 0x4f, 0xff, 0x51]],
};

/** The names of the formats, as people write them. */
export const FORMATS = Object.keys(STARTS);

/** Returns the format of a file, or `undefined` where it is none of these. Rejects where the file cannot be read. */
export const formatOf = async (file) => {
  const head = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const isStart = (start) => start.every((byte, at) => byte === undefined || byte === head[at]);
  return FORMATS.find((name) => STARTS[name].some(isStart));
};
