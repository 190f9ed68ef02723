// Keys, and the box that leads anywhere. Single keys can be turned off.
import { base } from './api.js';
import { button, el, freshId } from './dom.js';
import { sheet } from './sheet.js';
import { words } from './words.js';

const w = words.keys;
const [OFF, RECENT] = ['keys off', 'recent pages'];
const recent = () => { try { return JSON.parse(sessionStorage.getItem(RECENT)) ?? []; } catch { return []; } };

/** Remembers a page that was shown, for as long as the browser's tab lives. */
export const remember = (url, title) => {
  const others = recent().filter((page) => page.url !== url);
  sessionStorage.setItem(RECENT, JSON.stringify([{ url, title }, ...others].slice(0, 30)));
};

/** Shows which keys there are. */
const help = () => {
  const isOff = localStorage.getItem(OFF) !== null;
  const box = el('input', { type: 'checkbox', id: freshId('keys'), checked: !isOff });
  box.addEventListener('change', () => (box.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, '1')));
  sheet(words.help, el('dl', { class: 'fields' },
    Object.entries(w.list).map(([key, text]) => [el('dt', {}, el('kbd', {}, key)), el('dd', {}, text)])),
    el('div', { class: 'field check' }, el('label', { for: box.id }, w.on), box));
};

/** Opens the box in which an address, an id or a part of a title is typed. */
export const palette = (go) => {
  const id = freshId('palette');
  const found = el('ul', { class: 'plain found' });
  const here = () => [...document.querySelectorAll('main a[href]')].filter((a) => a.textContent.trim() && a.origin === location.origin
    && !a.search && !/^[\d.,]+$/.test(a.textContent.trim()))
    .map((a) => ({ url: a.href, title: a.textContent.trim() }));
  const known = [...new Map([...recent(), ...here()].map((page) => [page.url, page])).values()];
  const matching = () => {
    const wanted = input.value.trim().toLowerCase();
    const matches = known.filter(({ url, title }) => `${title} ${url}`.toLowerCase().includes(wanted)).slice(0, 12);
    const typed = input.value.trim();
    if (/^\/?[a-z]+\//i.test(typed)) matches.unshift({ url: `${base}/${typed.replace(/^\//, '')}`, title: typed });
    return matches;
  };
  const list = () => found.replaceChildren(...matching()
    .map(({ url, title }) => el('li', {}, el('a', { href: url, dir: 'auto' }, title), ' ',
    el('span', { class: 'faint' }, url.slice(base.length)))));
  const input = el('input', { type: 'search', id, autocomplete: 'off', spellcheck: 'false', oninput: list });
  const dialog = sheet(w.palette, el('form', {
    onsubmit: (event) => {
      event.preventDefault();
      const [first] = matching();
      if (first) { dialog.close(); go(first.url); }
    },
  }, el('div', { class: 'field' }, el('label', { for: id }, w.where), input), found),
  el('div', { class: 'actions' }, button(w.show, () => { dialog.close(); help(); }, { class: 'quiet' })));
  dialog.addEventListener('click', (event) => { if (event.target.closest('a')) dialog.close(); });
  list();
  input.focus();
};

/** Listens for keys. */
export const listen = (go) => {
  let before = '';
  const follow = (selector) => document.querySelector(selector)?.click();
  const ACTIONS = {
    '/': () => palette(go), '?': help, e: () => follow('.head [data-method=PATCH]'),
    '[': () => follow('.pages a[rel=prev]'), ']': () => follow('.pages a[rel=next]'),
  };
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target.closest?.('input, textarea, select, [role=application], dialog');
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem(OFF) !== null) return;
    const action = before === 'g' && event.key === 'h' ? () => go(`${base}/`) : ACTIONS[event.key];
    before = event.key;
    if (!action) return;
    event.preventDefault();
    action();
  });
};
