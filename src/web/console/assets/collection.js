// A collection: its members as a table with the columns of their class, or as pictures; pages, order, filters.
import { getLater, isGood } from './api.js';
import { button, el, link, redraw, whenSeen } from './dom.js';
import { follow } from './follow.js';
import { countOf, headOf, valueOf } from './generic.js';
import { isNumber } from './json.js';
import { offered } from './operations.js';
import { filterForm, searchOf } from './search.js';
import { classOf, humanise, nameOf, number, words } from './words.js';

const COLUMNS = 7;

/** Views of a member as a picture, and columns that a class would rather show, by class. */
const PICTURES = { Image: () => import('./views/images.js') };
/** Collections of which each row tells how many members they have, by class. */
const COUNTED = { Space: ['images'] };
const BARS = { Batch: () => import('./views/batch.js'), Job: () => import('./views/job.js') };

/** Members by which a collection is ordered, by class, where these are not all that are one value. */
const ORDERS = { Change: ['version'] };

const isLight = (member) => Object.keys(member).every((key) => key.startsWith('@'));

/** Returns the class of the members: what they say themselves, or what the collection says of them. */
export const memberClass = ({ doc, className, vocabulary }) => {
  const said = [doc.memberAssertion, doc.manages].flat().find((assertion) => assertion?.object)?.object;
  return classOf((doc.member ?? [])[0] ?? {}) ?? (said && `${said['@id'] ?? said}`.replace(/^.*[:#/]/, ''))
    ?? vocabulary.class(className).manages;
};

const isShown = (value) => value !== undefined && value !== '' && value !== null && !(Array.isArray(value) && value.length === 0);

/** Returns the properties that are columns: values, not links to more, of which some member has one. */
const columnsOf = (members, of, vocabulary) => {
  const known = [...vocabulary.class(of).properties.values()].filter((property) => property.readable);
  const unknown = new Set(members.flatMap((member) => Object.keys(member)).filter((key) => /^[a-z]\w*$/i.test(key)));
  const named = known.length ? known : [...unknown].map((name) => ({ name, range: [], operations: [] }));
  const isSaid = ({ name }) => members.some((member) => isShown(member[name]) && typeof member[name] !== 'object')
    || members.some((member) => Array.isArray(member[name]) && member[name].length > 0);
  const fits = (property) => !property.isLink && !property.range.includes('xsd:anyURI') && isSaid(property);
  const naming = new Set(['id', 'name', 'label', 'displayName', 'email', 'key']);
  return named.filter((property) => fits(property) && !naming.has(property.name)).slice(0, COLUMNS);
};

/** Returns the heading of a column, which orders by it where the search knows how. */
const heading = (property, search, of, label = humanise(property.name)) => {
  const isOrdered = search?.has('orderBy') && !property.many && !property.isLink && (ORDERS[of]?.includes(property.name) ?? true);
  const side = property.range.some((type) => /[iI]nteger$/.test(type)) ? 'number' : undefined;
  if (!isOrdered) return el('th', { scope: 'col', class: side }, label);
  const now = search.order();
  const isNow = now.by?.toLowerCase() === property.name.toLowerCase();
  const sort = isNow ? (now.descending ? 'descending' : 'ascending') : undefined;
  const next = search.ordered(property.name, isNow && !now.descending);
  return el('th', { scope: 'col', 'aria-sort': sort, class: side },
    link(next, label, { title: `${label}, ${isNow && !now.descending ? words.collection.descending : words.collection.ascending}` }));
};

const rowOf = (member, columns, isSelected) => {
  const counts = (COUNTED[classOf(member)] ?? []).map((name) => el('td', { class: 'number' },
    typeof member[name] === 'string' ? link(member[name], countOf(member[name])) : ''));
  const cells = columns.map((property) => el('td', { class: isNumber(member[property.name]) ? 'number' : undefined },
    member[property.name] === undefined ? '' : isShown(member[property.name]) ? valueOf(member[property.name], property) : ''));
  return [isSelected && el('td', { class: 'check' }, isSelected(member)),
    el('th', { scope: 'row' }, link(member['@id'], nameOf(member) || (member['@id'] ?? '–'))), ...counts, ...cells].filter(Boolean);
};

/** Fills a row of which only the address is known, once it comes into view. */
const fillLater = (row, member, columns) => whenSeen(row, async () => {
  const exchange = await getLater(member['@id']);
  if (isGood(exchange) && exchange.doc) row.replaceChildren(...rowOf(exchange.doc, columns));
});

const tableOf = (page, members, of, search, isSelected) => {
  const { vocabulary } = page;
  const light = members.some(isLight);
  const columns = light
    ? [...vocabulary.class(of).properties.values()].filter((p) => p.readable && !p.isLink && p.name !== 'id').slice(0, COLUMNS)
    : columnsOf(members, of, vocabulary);
  const first = vocabulary.property(of, 'name') ?? vocabulary.property(of, 'id') ?? { name: 'id', range: [], operations: [], many: true };
  const body = members.map((member) => {
    const row = el('tr', { 'data-id': member['@id'] }, rowOf(member, columns, isSelected));
    if (isLight(member)) fillLater(row, member, columns);
    return row;
  });
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': words.collection.members }, el('table', {},
    el('caption', { class: 'unseen' }, page.title),
    el('thead', {}, el('tr', {}, isSelected && el('th', { class: 'check' }, el('span', { class: 'unseen' }, words.collection.selectAll)),
      heading(first, search, of), (COUNTED[of] ?? []).map((name) => el('th', { scope: 'col', class: 'number' }, humanise(name))),
      columns.map((column) => heading(column, search, of)))),
    el('tbody', {}, body)));
};

const pagesOf = ({ doc, url, go }, search) => {
  const view = doc.view ?? {};
  const w = words.collection;
  const steps = ['first', 'previous', 'next', 'last'].map((term) => {
    const isHere = view[term] === undefined || (term === 'first' && !view.previous) || (term === 'last' && !view.next);
    return isHere ? el('span', { class: 'step faint', 'aria-disabled': 'true' }, w[term])
      : link(view[term], w[term], { class: 'step', rel: term === 'previous' ? 'prev' : term === 'next' ? 'next' : undefined });
  });
  const asked = new URL(url, location.href).searchParams;
  const size = Number(asked.get('pageSize')) || 100;
  const from = (Math.max(1, Number(asked.get('page')) || 1) - 1) * size + 1;
  const count = (doc.member ?? []).length;
  const sizes = search?.has('pageSize') && doc.totalItems > 25 ? el('label', { class: 'sizes' }, w.pageSize, ' ',
    el('select', { onchange: (event) => go(search.expand({ pageSize: event.target.value })) },
      [...new Set([25, 50, 100, 250, 500, size])].sort((a, b) => a - b)
        .map((n) => el('option', { value: `${n}`, selected: n === size }, number(n))))) : undefined;
  const range = count ? el('span', {}, w.range(from, from + count - 1, doc.totalItems ?? count, doc.totalItemsEstimated)) : undefined;
  return el('nav', { class: 'pages', 'aria-label': w.pages }, range, view.next || view.previous ? steps : undefined, sizes);
};

const choice = (name, options, now, onchange) => el('fieldset', { class: 'choice' },
  el('legend', { class: 'unseen' }, name),
  options.map(([value, label]) => button(label, () => onchange(value), { 'aria-pressed': `${value === now}` })));

/** Shows a collection. */
export const view = async (page) => {
  const { doc, vocabulary, className } = page;
  // A member may be no more than its address.
  let members = (doc.member ?? []).map((member) => (typeof member === 'string' ? { '@id': member } : member));
  const of = memberClass(page);
  const search = searchOf(page);
  const w = words.collection;
  const pictures = PICTURES[of] && await PICTURES[of]();
  const layout = pictures ? (sessionStorage.getItem(`layout ${of}`) ?? 'grid') : 'table';
  const described = vocabulary.class(className);
  const body = el('div', { class: 'members' });
  const special = !pictures && BARS[of] ? await BARS[of]() : undefined;

  const draw = (how) => {
    if (members.length === 0) {
      const isFiltered = search?.isFiltered();
      body.replaceChildren(el('div', { class: 'empty' }, el('p', {}, isFiltered ? w.emptyFiltered : w.empty),
        isFiltered ? link(search.bare(), w.clear) : undefined));
    } else if (how === 'grid') body.replaceChildren(pictures.grid(page, members));
    else if (pictures) body.replaceChildren(pictures.table(page, members, { heading: (p, l) => heading(p, search, of, l) }));
    else if (special?.table) body.replaceChildren(special.table(page, members, { heading: (p, l) => heading(p, search, of, l) }));
    else body.replaceChildren(tableOf(page, members, of, search));
  };
  if (pictures && members.length && offered(page).some(({ method }) => method === 'PATCH')) {
    const { selectionOf } = await import('./views/bulk.js');
    page.selection = selectionOf(page, members, of);
    page.bulk = page.selection.bar;
    page.selection.onchange = () => draw(sessionStorage.getItem(`layout ${of}`) ?? 'grid');
  }
  const layouts = pictures && members.length ? [el('div', { class: 'layout' })] : [];
  const chosen = (how) => {
    sessionStorage.setItem(`layout ${of}`, how);
    if (layouts.length) redraw(layouts[0], [choice(w.layout, [['grid', w.grid], ['table', w.table]], how, chosen)]);
    draw(how);
  };
  if (pictures) chosen(layout); else draw(layout);
  if (pictures) {
    const seen = ({ member = [] }) => {
      const how = sessionStorage.getItem(`layout ${of}`) ?? 'grid';
      pictures.renew(body, members, member, pictures.maker(page, members, how));
      members = members.map((image) => member.find((one) => one['@id'] === image['@id']) ?? image);
    };
    follow(page, doc, { seen, done: ({ member = [] }) => !pictures.isMoving(member) });
  }

  const head = headOf(page, { actions: page.actions, kind: null });
  head.querySelector('h1')
    .append(' ', el('span', { class: 'count' }, words.items(doc.totalItems ?? members.length, doc.totalItemsEstimated)));
  return [head, described.description ? el('p', { class: 'lede' }, described.description) : undefined,
    el('div', { class: 'above' }, search ? filterForm(search, of, page) : undefined, layouts),
    page.bulk, body, pagesOf(page, search)];
};

