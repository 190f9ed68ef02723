// JSON that is written back as it was read: whole numbers that a number of this language does not hold exactly are kept as BigInt.

/** Marks such a number while it is a text; nobody who writes a document knows it. */
const MARK = `whole${[...crypto.getRandomValues(new Uint32Array(4))].join('')}:`;
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, 'g');
const isWhole = (text) => /^-?\d+$/.test(text);
const isExact = (text) => Number.isSafeInteger(Number(text));

/** Returns the number that a text is: a BigInt where no other holds it, `NaN` where it is none. */
export const numberOf = (text) => (isWhole(text) && !isExact(text) ? BigInt(text) : Number(text));

/** Returns whether a value is a number. */
export const isNumber = (value) => typeof value === 'number' || typeof value === 'bigint';

/**
 * Reads JSON.
 *
 * Throws what `JSON.parse` throws.
 */
export const parse = (text) => {
  const read = JSON.parse(text);
  // Most documents have no such number, and are read once.
  if (!/\d{16}/.test(text)) return read;
  const marked = text.replace(TOKEN, (token) => (isWhole(token) && !isExact(token) ? `"${MARK}${token}"` : token));
  return JSON.parse(marked, (_, value) => (typeof value === 'string' && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value));
};

/** Writes JSON, `indent` blanks deep. */
export const write = (value, indent) => JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `${MARK}${one}` : one), indent)
  ?.replace(MARKED, '$1');
