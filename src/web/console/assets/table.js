// Tables of images as people bring them: CSV with a header, CSV in the order of old, or a list of addresses.
import { words } from './words.js';

const w = words.table;

/** The columns of tables without a header line, in the order of old. */
const OLD = ['line', 'id', 'mediaType', 'space', 'origin', 'string1', 'string2', 'string3', 'number1', 'number2', 'number3',
  'maxUnauthorised'];
const NUMBERS = new Set(['space', 'number1', 'number2', 'number3', 'maxUnauthorised']);
const LISTS = new Set(['tags', 'roles']);
const KNOWN = new Set([...OLD.slice(1), 'initialOrigin', 'tags', 'roles', 'label', 'requiredStatement', 'rights',
  'imageOptimisationPolicy', 'thumbnailPolicy']);

const SEPARATORS = [',', ';', '\t'];

/** Returns what separates values: what the first line has most of, outside of quotes. */
const separatorOf = (text) => {
  const first = text.split('\n', 1)[0].replace(/"[^"]*"/g, '');
  const counts = SEPARATORS.map((one) => first.split(one).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))];
};

/**
 * Returns the records of CSV (RFC 4180), each with the number of the line on which it begins.
 * `unclosed`: the line on which a quote begins that is not closed.
 */
const records = (text) => {
  const [found, separator] = [[], separatorOf(text)];
  let [record, field, isQuoted, line, start, quote] = [[], '', false, 1, 1, 0];
  const end = () => {
    record.push(field);
    if (record.some((value) => value.trim() !== '')) found.push({ line: start, values: record });
    [record, field] = [[], ''];
  };
  for (let at = 0; at < text.length; at += 1) {
    const c = text[at];
    if (isQuoted) {
      if (c === '"' && text[at + 1] === '"') { field += '"'; at += 1; } else if (c === '"') isQuoted = false; else field += c;
      if (c === '\n') line += 1;
    } else if (c === '"' && field === '') [isQuoted, quote] = [true, line];
    else if (c === separator) { record.push(field); field = ''; } else if (c === '\n') { end(); line += 1; start = line; } else field += c;
  }
  end();
  if (isQuoted && found.length) found.at(-1).unclosed = quote;
  return found;
};

const isAddress = (text) => /^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(text);

const decoded = (text) => { try { return decodeURIComponent(text); } catch { return text; } };

/** Returns a few letters and digits made of a text: the same each time, and hardly the same for two. */
const markOf = (text) => {
  let [a, b] = [0x811c9dc5, 0x1000193];
  for (let at = 0; at < text.length; at += 1) {
    a = Math.imul(a ^ text.charCodeAt(at), 0x01000193);
    b = Math.imul(b + text.charCodeAt(at), 0x85ebca6b) ^ (b >>> 13);
  }
  return (a >>> 0).toString(36) + (b >>> 0).toString(36);
};

/** Returns an id made of a name: the same each time, so that what is sent again is the same image. Ids have letters of ASCII only. */
export const idOf = (name) => {
  const letters = name.replace(/\.[a-z0-9]{2,5}$/i, '').normalize('NFKD').replace(/\p{M}+/gu, '');
  const plain = letters.replace(/[^A-Za-z0-9._~-]+/g, '-').slice(0, 200);
  return /[A-Za-z0-9]/.test(plain) ? plain : `image-${markOf(name)}`;
};

/** Returns an id made of an address: of its last part. */
const idOfAddress = (address) => idOf(decoded(address.split(/[?#]/)[0].split('/').filter(Boolean).pop() ?? ''));

const memberOf = (columns, { values, line, unclosed }, space) => {
  const [member, faults] = [{}, []];
  columns.forEach((name, index) => {
    const text = (values[index] ?? '').trim();
    if (text === '' || name === 'line' || !KNOWN.has(name)) return;
    if (NUMBERS.has(name)) {
      if (/^-?\d+$/.test(text) && Number.isSafeInteger(Number(text))) member[name] = Number(text);
      // It is not sent, and stands in the table of what was refused.
      else { member[name] = text; faults.push(w.noNumber(name, text)); }
    } else member[name] = LISTS.has(name) ? text.split(/[,;|]/).map((one) => one.trim()).filter(Boolean) : text;
  });
  if (member.space === undefined && space !== undefined) member.space = space;
  if (!member.origin) faults.push(w.noOrigin);
  else if (!isAddress(member.origin)) faults.push(w.noAddress(member.origin));
  const isMade = !member.id && Boolean(member.origin);
  if (isMade) member.id = idOfAddress(member.origin);
  if (member.space === undefined) faults.push(w.noSpace);
  if (values.length > columns.length) faults.push(w.tooMany(values.length, columns.length));
  if (unclosed) faults.push(w.unclosed(unclosed));
  return { line, member, faults, isMade };
};

/** Reads a table; returns its rows, each with its faults, and the columns that nobody knows. */
export const read = (given, space) => {
  const text = given.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const lines = text.split('\n').map((value, n) => ({ line: n + 1, values: [value.trim()] })).filter(({ values }) => values[0]);
  if (lines.length === 0) return { rows: [], unknown: [] };
  if (lines.every(({ values }) => isAddress(values[0]))) {
    return { rows: mark(lines.map((record) => memberOf(['origin'], record, space))), unknown: [] };
  }
  const all = records(text);
  const names = new Map([...KNOWN].map((name) => [name.toLowerCase(), name]));
  const header = all[0].values.map((value) => names.get(value.trim().toLowerCase()) ?? value.trim());
  // A line of names that has no origin is one, too: every row says then what is missing.
  const hasHeader = header.includes('origin') || header.filter((name) => KNOWN.has(name)).length > 1;
  const columns = hasHeader ? header : OLD;
  const rows = all.slice(hasHeader ? 1 : 0).map((record) => memberOf(columns, record, space));
  return { rows: mark(rows), unknown: hasHeader ? header.filter((name) => name && !KNOWN.has(name) && name.toLowerCase() !== 'line') : [] };
};

/** Marks rows that name an image that an earlier row names already. */
const mark = (rows) => {
  const counts = new Map();
  rows.forEach(({ member: { id } }) => counts.set(id, (counts.get(id) ?? 0) + 1));
  // Many addresses end alike: …/one/full/max/0/default.jpg, …/two/full/max/0/default.jpg.
  const isShared = ({ isMade, member: { id } }) => isMade && counts.get(id) > 1;
  rows.filter(isShared).forEach(({ member }) => { member.id = `${member.id}-${markOf(member.origin)}`; });
  const seen = new Map();
  for (const row of rows.filter(({ member: { id } }) => id !== undefined)) {
    const key = `${row.member.space}/${row.member.id}`;
    if (seen.has(key)) row.faults.push(w.twice(row.member.id, seen.get(key)));
    else seen.set(key, row.line);
  }
  return rows;
};

/** Returns the text of a file, or `undefined` where it is neither UTF-8 nor UTF-16 that says so. */
export const textOf = async (file) => {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
  try { return new TextDecoder(encoding, { fatal: true }).decode(bytes); } catch { return undefined; }
};

/** Returns refused rows as CSV, with their reasons. */
export const refusedCsv = (rows) => {
  const columns = [...new Set(rows.flatMap(({ member }) => Object.keys(member)))];
  const quoted = (value) => `"${`${Array.isArray(value) ? value.join(',') : value ?? ''}`.replaceAll('"', '""')}"`;
  return [['line', ...columns, 'reason'].join(','),
    ...rows.map(({ line, member, faults }) =>
      [line, ...columns.map((name) => quoted(member[name])), quoted(faults.join('; '))].join(','))].join('\n');
};
