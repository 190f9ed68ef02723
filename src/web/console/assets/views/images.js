// Lists of images: pictures in a grid, or a table with a small picture in each row.
import { el, link } from '../dom.js';
import { valueOf } from '../generic.js';
import { isNumber, write } from '../json.js';
import { me } from '../session.js';
import { classOf, nameOf, words } from '../words.js';

const w = words.image;

/** Returns what stands where a picture cannot be shown, and why. */
const instead = (kind, text) => el('span', { class: `instead ${kind}`, title: text }, kind === 'failed' ? '⚠ ' : '', w[kind] ?? text);

/** Returns the state of an image in a word, or nothing where all is well. */
export const stateOf = (image) => {
  if (image.error) return ['failed', image.error];
  if (image.lastError) return ['failed', image.lastError];
  if (image.ingesting) return ['waits', w.waits];
  return undefined;
};

/** Returns the picture of an image, or what stands in its place; its room is the same from the start. */
export const pictureOf = (image) => {
  const frame = el('span', { class: 'frame' });
  const state = stateOf(image);
  // Small images have no such thumbnail; of protected ones, a session opens pixels, and never thumbnails.
  const isOpen = me || !image.roles?.length;
  const own = isOpen && image.imageService && image.width ? `${image.imageService}/full/!400,400/0/default.jpg` : undefined;
  const source = image.thumbnail400 ?? own;
  if (!source) {
    const [kind, text] = state ?? (image.roles?.length ? ['protected', w.protected] : ['noPicture', w.noPicture]);
    frame.append(instead(kind, text));
    return frame;
  }
  const alternative = [nameOf(image), image.string1, image.string2].filter(Boolean).join(', ');
  const picture = el('img', { src: source, alt: alternative, loading: 'lazy', decoding: 'async', width: image.width,
    height: image.height });
  picture.addEventListener('error', () =>
    frame.replaceChildren(image.roles?.length ? instead('protected', w.protected) : instead('noPicture', w.noPicture)));
  frame.append(picture);
  return frame;
};

const checkOf = (page, image) => page.selection && el('input', {
  type: 'checkbox', 'aria-label': words.collection.select(nameOf(image)), checked: page.selection.has(image['@id']),
  onclick: (event) => page.selection.toggle(image, event.target.checked, event.shiftKey),
});

const cellOf = (page, image) => {
  const state = stateOf(image);
  const name = nameOf(image);
  return el('li', { class: state?.[0], 'data-id': image['@id'] }, checkOf(page, image),
    link(image['@id'], pictureOf(image), { class: 'cell', title: name, tabindex: '-1', 'aria-hidden': 'true' }),
    link(image['@id'], name, { class: 'name', title: name }),
    el('span', { class: 'under', title: state?.[1] }, state && state[0] === 'failed' ? state[1]
      : image.width ? w.size(image.width, image.height) : w.waits));
};

/** Returns images as pictures. */
export const grid = (page, members) => el('ul', { class: 'grid' }, members.map((image) => cellOf(page, image)));

/** Returns whether some of the images are under way. */
export const isMoving = (members) => members.some((image) => image.ingesting);

/** Shows what has become of images, in place of what was shown of them, where that is another thing now. */
export const renew = (list, before, now, make) => {
  const old = new Map(before.map((image) => [image['@id'], write(image)]));
  for (const image of now) {
    const cell = [...list.querySelectorAll('[data-id]')].find(({ dataset }) => dataset.id === image['@id']);
    if (!cell || old.get(image['@id']) === write(image)) continue;
    const hadFocus = cell.contains(document.activeElement) && document.activeElement.className;
    const fresh = make(image);
    cell.replaceWith(fresh);
    if (hadFocus !== false) (hadFocus ? fresh.querySelector(`.${hadFocus}`) : fresh.querySelector('input'))?.focus();
  }
};

const isSaid = (value) => value !== undefined && value !== '' && value !== 0 && !(Array.isArray(value) && value.length === 0);
const COLUMNS = ['width', 'tags', 'string1', 'string2', 'number1', 'roles', 'created', 'error'];

const columnsOf = (members) => COLUMNS.filter((name) => members.some((image) => isSaid(image[name])));

const rowOf = (page, image, columns) => {
  const cell = (name) => {
    if (name === 'width') return el('td', { class: 'number' }, image.width ? w.size(image.width, image.height) : '');
    if (name === 'error') return el('td', {}, stateOf(image) ? el('span', { class: `state ${stateOf(image)[0]}` }, stateOf(image)[1]) : '');
    return el('td', { class: isNumber(image[name]) ? 'number' : undefined },
      isSaid(image[name]) ? valueOf(image[name], page.vocabulary.property(classOf(image), name)) : '');
  };
  return el('tr', { 'data-id': image['@id'] }, page.selection && el('td', { class: 'check' }, checkOf(page, image)),
    el('td', { class: 'small' }, link(image['@id'], pictureOf(image), { tabindex: '-1', 'aria-hidden': 'true' })),
    el('th', { scope: 'row' }, link(image['@id'], nameOf(image))), columns.map(cell));
};

/** Returns images as a table: those columns of which some image has something. */
export const table = (page, members, { heading }) => {
  const { vocabulary } = page;
  const of = classOf(members[0]);
  const columns = columnsOf(members);
  const propertyOf = (name) => vocabulary.property(of, name) ?? { name, range: [], operations: [] };
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': words.collection.members },
    el('table', { class: 'images' },
    el('caption', { class: 'unseen' }, page.title),
    el('thead', {}, el('tr', {}, page.selection && el('td', { class: 'check' }), el('td', { class: 'small' }),
      heading(propertyOf('id'), undefined),
      columns.map((name) => heading(propertyOf(name), name === 'width' ? words.image.dimensions : undefined)))),
    el('tbody', {}, members.map((image) => rowOf(page, image, columns)))));
};

/** Returns the maker of what is shown of one image in a layout. */
export const maker = (page, members, layout) => {
  const columns = columnsOf(members);
  return layout === 'grid' ? (image) => cellOf(page, image) : (image) => rowOf(page, image, columns);
};
