// The vocabulary as a page to be read: classes, their properties and operations, statuses; every label of the console leads here.
import { el, link } from '../dom.js';
import { headOf } from '../generic.js';
import { compact } from '../vocabulary.js';
import { humanise, words } from '../words.js';

const w = words.vocabularyPage;
const anchorOf = (id) => `${id ?? ''}`.replace(/^vocab:/, '').replace(/^.*#/, '');

const classLink = (name, vocabulary) => (vocabulary.classes.has(name)
  ? link(`${vocabulary.address}#${name}`, name) : el('span', {}, name ?? '–'));

const flagsOf = (property) => [property.required && w.required, !property.writable && w.readOnly, !property.readable && w.writeOnly,
  property.many && w.many]
  .filter(Boolean).join(', ');

const rangeOf = ({ range, classes }, vocabulary) => range.filter((type) => type !== 'hydra:Collection').map((type, index) => {
  const name = classes.find((one) => type.endsWith(one));
  return [index ? ', ' : '', name && vocabulary.classes.has(name) ? classLink(name, vocabulary) : compact(type)];
});

const propertiesOf = (described, vocabulary) => el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': w.properties },
  el('table', {},
  el('caption', {}, w.properties),
  el('thead', {}, el('tr', {}, [w.name, w.range, w.flags, w.meaning].map((label) => el('th', { scope: 'col' }, label)))),
  el('tbody', {}, [...described.properties.values()].map((property) =>
    el('tr', { id: `${property.id}`.startsWith('vocab:') ? anchorOf(property.id) : undefined, tabindex: '-1' },
    el('th', { scope: 'row' }, el('code', {}, property.name)), el('td', {}, rangeOf(property, vocabulary)), el('td', {}, flagsOf(property)),
    el('td', {}, property.description ?? '', property.example === undefined
      ? '' : [' ', el('code', {}, [property.example].flat().join(', '))]))))));

const operationsOf = (described, vocabulary) => el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': w.operations },
  el('table', {},
  el('caption', {}, w.operations),
  el('thead', {}, el('tr', {}, [w.method, w.meaning, w.takes, w.gives, w.statuses].map((label) => el('th', { scope: 'col' }, label)))),
  el('tbody', {}, described.operations.map((operation) => el('tr', { id: operation.id && anchorOf(operation.id), tabindex: '-1' },
    el('th', { scope: 'row' }, el('code', {}, operation.method ?? '')),
      el('td', {}, operation.title ?? '', operation.description ? el('p', { class: 'about' }, operation.description) : ''),
    el('td', {}, classLink(operation.expects, vocabulary)), el('td', {}, classLink(operation.returns, vocabulary)),
    el('td', {}, operation.statuses.map((status) => el('span', { class: 'status', title: status.title ?? '' },
      `${status.statusCode ?? ''} `))))))));

const sectionOf = (described, vocabulary) => el('section', { class: 'class', 'aria-labelledby': described.name },
  el('h2', { id: described.name, tabindex: '-1' }, humanise(described.name), ' ', el('code', { class: 'faint' }, described.name)),
  described.description ? el('p', { class: 'lede' }, described.description) : undefined,
  described.properties.size ? propertiesOf(described, vocabulary) : undefined,
  described.operations.length ? operationsOf(described, vocabulary) : undefined);

/** Shows the vocabulary. */
export const view = (page) => {
  const { vocabulary, doc } = page;
  if (!vocabulary.doc) vocabulary.read(doc);
  const all = [...vocabulary.classes.values()];
  const isCollection = ({ name }) => vocabulary.is(name, 'Collection');
  const isError = ({ name }) => vocabulary.is(name, 'Error');
  const groups = [[w.resources, all.filter((one) => !isCollection(one) && !isError(one))], [w.collections, all.filter(isCollection)],
    [w.errors, all.filter(isError)]];
  const index = el('nav', { class: 'index', 'aria-label': w.index });
  const list = (wanted) =>
    index.replaceChildren(...groups.map(([title, classes]) => [title, classes.filter(({ name }) => name.toLowerCase().includes(wanted))])
    .filter(([, classes]) => classes.length).map(([title, classes]) => el('div', {}, el('h2', {}, title),
      el('ul', { class: 'plain' }, classes.map(({ name }) => el('li', {}, classLink(name, vocabulary)))))));
  list('');
  const filter = el('input', {
    type: 'search', id: 'filter-classes', autocomplete: 'off', oninput: () => list(filter.value.toLowerCase()),
  });
  return [headOf(page, { title: words.vocabulary, kind: null }), el('p', { class: 'lede' }, doc.description ?? ''),
    el('div', { class: 'filter narrow' }, el('label', { for: filter.id }, w.filter), filter), index,
    ...groups.flatMap(([, classes]) => classes.map((one) => sectionOf(one, vocabulary)))];
};
