// Tables of images as people bring them: CSV with a header, CSV in the order of old, or a list of addresses.
import { words } from './words.js';

const w = words.table;

/** The columns of tables without a header line, in the order of old. */
const OLD = ['line', 'id', 'mediaType', 'space', 'origin', 'string1', 'string2', 'string3', 'number1', 'number2', 'number3', 'maxUnauthorised'];
const NUMBERS = new Set(['space', 'number1', 'number2', 'number3', 'maxUnauthorised']);
const LISTS = new Set(['tags', 'roles']);
const KNOWN = new Set([...OLD.slice(1), 'initialOrigin', 'tags', 'roles', 'label', 'requiredStatement', 'rights', 'imageOptimisationPolicy', 'thumbnailPolicy']);

/** Returns the records of CSV (RFC 4180), each with the number of the line on which it begins. */
export const records = (text) => {
  const [found, separator] = [[], text.split('\n', 1)[0].includes('\t') ? '\t' : ','];
  let [record, field, isQuoted, line, start] = [[], '', false, 1, 1];
  const end = () => {
    record.push(field);
    if (record.some((value) => value.trim() !== '')) found.push({ line: start, values: record });
    [record, field] = [[], ''];
  };
  const clean = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  for (let at = 0; at < clean.length; at += 1) {
    const c = clean[at];
    if (isQuoted) {
      if (c === '"' && clean[at + 1] === '"') { field += '"'; at += 1; } else if (c === '"') isQuoted = false; else field += c;
      if (c === '\n') line += 1;
    } else if (c === '"' && field === '') isQuoted = true;
    else if (c === separator) { record.push(field); field = ''; } else if (c === '\n') { end(); line += 1; start = line; } else field += c;
  }
  end();
  return found;
};

const isAddress = (text) => /^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(text);

/** Returns an id made of an address: the same each time, so that what is sent again is the same image. */
export const idOf = (address) => {
  const last = decodeURIComponent(address.split(/[?#]/)[0].split('/').filter(Boolean).pop() ?? '');
  return last.replace(/\.[a-z0-9]{2,5}$/i, '').replace(/[^A-Za-z0-9._~-]+/g, '-').slice(0, 200) || 'image';
};

const memberOf = (columns, { values, line }, space) => {
  const [member, faults] = [{}, []];
  columns.forEach((name, index) => {
    const text = (values[index] ?? '').trim();
    if (text === '' || name === 'line' || !KNOWN.has(name)) return;
    if (NUMBERS.has(name)) {
      if (/^-?\d+$/.test(text)) member[name] = Number(text); else faults.push(w.noNumber(name, text));
    } else member[name] = LISTS.has(name) ? text.split(/[,;|]/).map((one) => one.trim()).filter(Boolean) : text;
  });
  if (member.space === undefined && space !== undefined) member.space = space;
  if (!member.origin) faults.push(w.noOrigin);
  else if (!isAddress(member.origin)) faults.push(w.noAddress(member.origin));
  if (!member.id && member.origin) member.id = idOf(member.origin);
  if (member.space === undefined) faults.push(w.noSpace);
  if (values.length > columns.length) faults.push(w.tooMany(values.length, columns.length));
  return { line, member, faults };
};

/** Reads a table; returns its rows, each with its faults, and the columns that nobody knows. */
export const read = (text, space) => {
  const all = records(text);
  if (all.length === 0) return { rows: [], unknown: [] };
  if (all.every(({ values }) => values.length === 1 && isAddress(values[0].trim()))) {
    return { rows: mark(all.map((record) => memberOf(['origin'], record, space))), unknown: [] };
  }
  const names = new Map([...KNOWN].map((name) => [name.toLowerCase(), name]));
  const header = all[0].values.map((value) => names.get(value.trim().toLowerCase()) ?? value.trim());
  const hasHeader = header.includes('origin');
  const columns = hasHeader ? header : OLD;
  const rows = all.slice(hasHeader ? 1 : 0).map((record) => memberOf(columns, record, space));
  return { rows: mark(rows), unknown: hasHeader ? header.filter((name) => name && !KNOWN.has(name) && name.toLowerCase() !== 'line') : [] };
};

/** Marks rows that name an image that an earlier row names already. */
const mark = (rows) => {
  const seen = new Map();
  for (const row of rows) {
    const key = `${row.member.space}/${row.member.id}`;
    if (seen.has(key)) row.faults.push(w.twice(row.member.id, seen.get(key)));
    else seen.set(key, row.line);
  }
  return rows;
};

/** Returns refused rows as CSV, with their reasons. */
export const refusedCsv = (rows) => {
  const columns = [...new Set(rows.flatMap(({ member }) => Object.keys(member)))];
  const quoted = (value) => `"${`${Array.isArray(value) ? value.join(',') : value ?? ''}`.replaceAll('"', '""')}"`;
  return [['line', ...columns, 'reason'].join(','), ...rows.map(({ line, member, faults }) => [line, ...columns.map((name) => quoted(member[name])), quoted(faults.join('; '))].join(','))].join('\n');
};
