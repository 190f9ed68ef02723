// Any resource: what kind of thing it is, what it says in documented order, where it leads, and what may be done.
import { base, getLater, isGood, isResource } from './api.js';
import { el, isWeb, link, whenSeen } from './dom.js';
import { isNumber } from './json.js';
import { me } from './session.js';
import { isMoment, moment } from './time.js';
import { bytes, classOf, humanise, nameOf, number, shortAddress, titleOf, words } from './words.js';

const ASIDE = new Set(['@context', '@id', '@type', 'rdf:type', 'hydra:operation', 'hydra:title', 'hydra:description']);

const isEmpty = (value) => value === '' || value === null || value === undefined
  || (Array.isArray(value) && value.length === 0);

/** Returns an address as a link: of this service without its host, of others whole. */
export const addressLink = (address) => link(address, shortAddress(address, base));

/** Returns a value as it is shown; `property` may be unknown. */
export const valueOf = (value, property) => {
  if (isEmpty(value)) return el('span', { class: 'faint' }, Array.isArray(value) ? words.none : words.unset);
  if (Array.isArray(value)) return el('ul', { class: 'chips' }, value.map((one) => el('li', {}, valueOf(one, property))));
  if (typeof value === 'boolean') return value ? words.yes : words.no;
  if (typeof value === 'object') return value['@id'] && Object.keys(value).length === 1 ? addressLink(value['@id']) : nested(value);
  if (isNumber(value) && /\bbytes\b/i.test(property?.description ?? '')) return el('span', { title: number(value) }, bytes(value));
  if (isNumber(value)) return number(value);
  if (property?.range.includes('xsd:dateTime') || (!property && isMoment(value))) return isMoment(value) ? moment(value) : value;
  if ((property?.isLink || property?.range.includes('xsd:anyURI') || !property) && isWeb(value)) return addressLink(value);
  return el('span', { class: 'text', dir: 'auto' }, `${value}`);
};

const nested = (node) => {
  const entries = Object.entries(node).filter(([key]) => !key.startsWith('@'));
  return el('details', {},
    el('summary', {}, nameOf(node) || humanise(classOf(node) ?? entries.map(([key]) => key).join(', '))),
    el('dl', { class: 'fields' }, entries.map(([key, value]) => [el('dt', {}, humanise(key)), el('dd', {}, valueOf(value))])));
};

/** Returns the label of a property, which leads to what the vocabulary says of it. */
export const labelOf = (name, property, vocabulary) => {
  const explained = property && vocabulary.explained(property.id);
  const label = humanise(name);
  return explained ? link(explained, label, { title: property.description, class: 'term' }) : label;
};

/** Returns the members of a document in documented order, unknown ones after them: `[name, value, property]`. */
export const membersOf = (doc, className, vocabulary) => {
  const documented = [...vocabulary.class(className).properties.keys()];
  const place = (name) => (documented.includes(name) ? documented.indexOf(name) : documented.length);
  return Object.entries(doc).filter(([name]) => !ASIDE.has(name))
    .map(([name, value]) => [name, value, vocabulary.property(className, name)])
    .sort(([a], [b]) => place(a) - place(b));
};

/** Returns how many members a collection has, read when it comes into view, and again with each event `renew`; `name`: of which link. */
export const countOf = (address, name) => {
  const count = el('span', { class: 'count', 'data-of': name });
  const read = async () => {
    const mark = address.includes('?') ? '&' : '?';
    const exchange = await getLater(`${address}${mark}pageSize=1`);
    const { totalItems, totalItemsEstimated } = exchange.doc ?? {};
    if (isGood(exchange) && totalItems !== undefined) count.textContent = words.items(totalItems, totalItemsEstimated);
  };
  whenSeen(count, () => {
    read();
    count.addEventListener('renew', read);
  });
  return count;
};

/** Returns the links of a resource as a list; those of which nothing can be read are no links. */
const leads = (rows, vocabulary, isCounted) => el('ul', { class: 'leads' }, rows.map(([name, value, property]) => el('li', {},
  link(value, humanise(name), { class: 'lead' }),
  property?.isCollection && isCounted ? countOf(value, name) : undefined,
  el('span', { class: 'about' }, property?.description ?? ''))));

/** Returns whether a link can be read, as far as the vocabulary knows. */
export const isReadable = (property) => !property?.isLink || property.operations.length === 0
  || property.operations.some(({ method }) => method === 'GET');

/** Returns the head of a page: kind, title, what the vocabulary says of the class, and what can be done. */
export const headOf = (page, { title, actions = [], kind } = {}) => {
  const { doc, url, className, vocabulary } = page;
  const described = vocabulary.class(className);
  const called = title ?? titleOf(doc, url);
  const shownKind = kind === null ? undefined : kind ?? (className ? humanise(className) : undefined);
  return el('div', { class: 'head' },
    shownKind && shownKind !== called && !described.isUnknown
      ? el('p', { class: 'kind' }, link(vocabulary.explained(described.id), shownKind)) : undefined,
    el('h1', { tabindex: '-1', dir: 'auto' }, called),
    actions.length ? el('div', { class: 'actions' }, actions) : undefined);
};

/** Returns the properties of a resource as a list of terms and values. */
export const fieldsOf = (rows, vocabulary) => el('dl', { class: 'fields' }, rows.map(([name, value, property]) => [
  el('dt', {}, labelOf(name, property, vocabulary)), el('dd', {}, valueOf(value, property))]));

/** Parts a resource into what it says and where it leads. */
export const partsOf = (page, without = []) => {
  const rows = membersOf(page.doc, page.className, page.vocabulary).filter(([name]) => !without.includes(name));
  const leadsOn = ([, value, property]) => property?.isLink && typeof value === 'string' && isResource(value);
  return {
    says: rows.filter((row) => !leadsOn(row)),
    leads: rows.filter((row) => leadsOn(row) && isReadable(row[2])),
    // Who only reads would be refused.
    does: me?.role === 'readonly' ? [] : rows.filter((row) => leadsOn(row) && !isReadable(row[2])),
  };
};

/** Returns the sections of a resource below its head. */
export const sectionsOf = (page, without) => {
  const { says, leads: links } = partsOf(page, without);
  return [
    links.length ? el('section', { 'aria-label': 'Links' }, leads(links, page.vocabulary, page.isCounted ?? true)) : undefined,
    says.length ? el('section', { 'aria-label': 'Properties' }, fieldsOf(says, page.vocabulary)) : undefined,
  ].filter(Boolean);
};

/** Shows any resource. */
export const view = (page) => {
  if (Array.isArray(page.doc)) return [headOf(page, { title: page.title }), valueOf(page.doc)];
  const described = page.vocabulary.class(page.className);
  return [headOf(page, { actions: page.actions }),
    described.description ? el('p', { class: 'lede' }, described.description) : undefined, ...sectionsOf(page)];
};
