// Lists of images: pictures in a grid, or a table with a small picture in each row.
import { el, link } from '../dom.js';
import { valueOf } from '../generic.js';
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
  // A session opens pixels of protected images, and never their thumbnails.
  const own = me && image.imageService && image.width ? `${image.imageService}/full/!400,400/0/default.jpg` : undefined;
  const source = image.thumbnail400 ?? own;
  if (!source) {
    const [kind, text] = state ?? (image.roles?.length ? ['protected', w.protected] : ['noPicture', w.noPicture]);
    frame.append(instead(kind, text));
    return frame;
  }
  const alternative = [nameOf(image), image.string1, image.string2].filter(Boolean).join(', ');
  const picture = el('img', { src: source, alt: alternative, loading: 'lazy', decoding: 'async', width: image.width, height: image.height });
  picture.addEventListener('error', () => frame.replaceChildren(instead('noPicture', w.noPicture)));
  frame.append(picture);
  return frame;
};

const checkOf = (page, image) => page.selection && el('input', {
  type: 'checkbox', 'aria-label': words.collection.select(nameOf(image)), checked: page.selection.has(image['@id']),
  onchange: (event) => page.selection.toggle(image, event.target.checked, event),
});

/** Returns images as pictures. */
export const grid = (page, members) => el('ul', { class: 'grid' }, members.map((image) => {
  const state = stateOf(image);
  const name = nameOf(image);
  return el('li', { class: state?.[0] }, checkOf(page, image),
    link(image['@id'], pictureOf(image), { class: 'cell', title: name, tabindex: '-1', 'aria-hidden': 'true' }),
    link(image['@id'], name, { class: 'name', title: name }),
    el('span', { class: 'under', title: state?.[1] }, state && state[0] === 'failed' ? state[1]
      : image.width ? w.size(image.width, image.height) : w.waits));
}));

const COLUMNS = ['width', 'tags', 'string1', 'string2', 'number1', 'roles', 'created', 'error'];

/** Returns images as a table: those columns of which some image has something. */
export const table = (page, members, { heading }) => {
  const { vocabulary } = page;
  const of = classOf(members[0]);
  const isSaid = (value) => value !== undefined && value !== '' && value !== 0 && !(Array.isArray(value) && value.length === 0);
  const columns = COLUMNS.filter((name) => members.some((image) => isSaid(image[name])));
  const cell = (image, name) => {
    if (name === 'width') return el('td', { class: 'number' }, image.width ? w.size(image.width, image.height) : '');
    if (name === 'error') return el('td', {}, stateOf(image) ? el('span', { class: `state ${stateOf(image)[0]}` }, stateOf(image)[1]) : '');
    return el('td', { class: typeof image[name] === 'number' ? 'number' : undefined }, isSaid(image[name]) ? valueOf(image[name], vocabulary.property(of, name)) : '');
  };
  const propertyOf = (name) => vocabulary.property(of, name) ?? { name, range: [], operations: [] };
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': words.collection.members }, el('table', { class: 'images' },
    el('caption', { class: 'unseen' }, page.title),
    el('thead', {}, el('tr', {}, page.selection && el('td', { class: 'check' }), el('td', { class: 'small' }), heading(propertyOf('id'), undefined),
      columns.map((name) => heading(propertyOf(name), name === 'width' ? words.image.dimensions : undefined)))),
    el('tbody', {}, members.map((image) => el('tr', { 'data-id': image['@id'] },
      page.selection && el('td', { class: 'check' }, checkOf(page, image)),
      el('td', { class: 'small' }, link(image['@id'], pictureOf(image), { tabindex: '-1', 'aria-hidden': 'true' })),
      el('th', { scope: 'row' }, link(image['@id'], nameOf(image))), columns.map((name) => cell(image, name)))))));
};
