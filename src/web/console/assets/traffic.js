// What was asked and answered for this page, as programs see it.
import { base } from './api.js';
import { copier, el, isWeb, link } from './dom.js';
import { write } from './json.js';
import { bytes, words } from './words.js';

const SHOWN = ['etag', 'last-modified', 'location', 'link', 'content-type', 'www-authenticate', 'allow', 'retry-after', 'vary',
  'preference-applied', 'hydria-ignored', 'x-request-id'];

/** Returns JSON as elements, in which web addresses are links. */
const jsonOf = (value, depth = 0) => {
  const pad = '  '.repeat(depth + 1);
  const list = (open, close, entries) => (entries.length === 0 ? [`${open}${close}`]
    : [`${open}\n`, entries.flatMap((entry, index) => [pad, entry, index < entries.length - 1 ? ',\n' : '\n']), '  '.repeat(depth), close]);
  if (Array.isArray(value)) return list('[', ']', value.map((one) => jsonOf(one, depth + 1)));
  if (value && typeof value === 'object') {
    return list('{', '}', Object.entries(value)
      .map(([key, one]) => [el('span', { class: 'key' }, JSON.stringify(key)), ': ', jsonOf(one, depth + 1)]));
  }
  if (typeof value === 'string' && isWeb(value)) return ['"', link(value, JSON.stringify(value).slice(1, -1)), '"'];
  return [el('span', { class: 'scalar' }, write(value))];
};

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Returns the command that does the same; the credential is a placeholder. */
export const curlOf = ({ method, url, sent }) => [
  'curl', '-u', '"$KEY:$SECRET"', ...(method === 'GET' ? [] : ['-X', method]), quoted(url),
  ...(sent === undefined ? [] : ['-H', quoted('Content-Type: application/ld+json'), '-d', quoted(write(sent))]),
].join(' ');

/** Returns the panel of an exchange. */
export const panelOf = (exchange) => {
  const { method, url, status, ms, headers, doc, text } = exchange;
  const w = words.traffic;
  const shown = headers.filter(([name]) => SHOWN.includes(name));
  const short = url.startsWith(base) ? url.slice(base.length) : url;
  const size = text ? ` · ${bytes(text.length)}` : '';
  const time = ms === undefined ? w.embedded : `${Math.round(ms)} ms`;
  const raw = el('pre', { class: 'json', tabindex: '0' });
  const details = el('details', { class: 'traffic' },
    el('summary', {}, el('span', { class: 'unseen' }, `${w.title}: `), el('code', {}, `${method} ${short}`),
      el('span', {}, ` ${status} · ${time}${size}`)),
    el('div', { class: 'actions' }, copier(w.copyAddress, url, words.copied), copier(w.copyCurl, curlOf(exchange), words.copied)),
    shown.length ? el('dl', { class: 'fields tight' }, shown.map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)])) : undefined,
    raw);
  // A page of many members is long, and seldom looked at.
  details.addEventListener('toggle', () => {
    if (details.open && !raw.hasChildNodes()) raw.append(...[doc === undefined ? text ?? '' : jsonOf(doc)].flat(Infinity));
  });
  return details;
};
