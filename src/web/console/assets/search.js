// The search template of a collection: addresses with other filters, another order, another page, and the form of its filters.
import { el, freshId, link } from './dom.js';
import { humanise, words } from './words.js';

const PAGING = new Set(['orderBy', 'orderByDescending', 'page', 'pageSize', 'pageKey']);
/** Filters that are shown at once; more are folded. */
const SHOWN = 6;

/** Returns what the search template of a collection makes, if it has one of the form that is understood. */
export const searchOf = ({ doc, url }) => {
  const template = doc.search?.template ?? doc.search?.['hydra:template'];
  const match = /^(.*)\{[?&]([^}]*)\}$/.exec(template ?? '');
  if (!match) return undefined;
  const [, start, list] = match;
  const names = list.split(',').map((name) => name.replace(/\*$/, ''));
  const now = new URL(url, location.href).searchParams;
  const expand = (changes = {}) => {
    const values = new Map([...now].filter(([name]) => names.includes(name) && name !== 'page' && name !== 'pageKey'));
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined || value === '') values.delete(name); else values.set(name, value);
    }
    const query = new URLSearchParams([...values]).toString();
    return query ? `${start}?${query}` : start;
  };
  return {
    names,
    now,
    expand,
    has: (name) => names.includes(name),
    filters: names.filter((name) => !PAGING.has(name)),
    isFiltered: () => names.some((name) => !PAGING.has(name) && (now.get(name) ?? '') !== ''),
    bare: () => start,
    order: () => ({ by: now.get('orderBy') ?? now.get('orderByDescending'), descending: now.has('orderByDescending') }),
    ordered: (name, descending) => expand(descending
      ? { orderBy: undefined, orderByDescending: name } : { orderBy: name, orderByDescending: undefined }),
    required: new Set((doc.search.mapping ?? []).filter((row) => row.required).map((row) => row.variable)),
  };
};

const isTime = (name) => /(After|Before)$/.test(name);

/** Returns the field of a filter, by what the vocabulary says of the member. */
const fieldOf = (name, search, property) => {
  const value = search.now.get(name) ?? '';
  const range = property?.range ?? [];
  if (range.includes('xsd:boolean') || name === 'error') {
    return el('select', { name }, [['', words.collection.any], ['true', words.yes], ['false', words.no]]
      .map(([key, label]) => el('option', { value: key, selected: key === value }, label)));
  }
  const isNumber = range.some((type) => /[iI]nteger$/.test(type)) || /^(min|max)[A-Z]/.test(name);
  // What such a field cannot show, as a day with a time, would be lost when another filter is set.
  const type = isNumber && /^-?\d*$/.test(value) ? 'number' : isTime(name) && /^(\d{4}-\d\d-\d\d)?$/.test(value) ? 'date' : 'text';
  return el('input', { name, value, type, autocomplete: 'off', dir: 'auto' });
};

/** Returns the form of the filters of a collection. */
export const filterForm = (search, of, { vocabulary, go }) => {
  if (search.filters.length === 0) return undefined;
  const w = words.collection;
  const fields = search.filters.map((name) => {
    const property = vocabulary.property(of, name);
    const field = fieldOf(name, search, property);
    field.id = freshId('filter');
    return el('div', { class: 'filter', title: vocabulary.variable(name, of) },
      el('label', { for: field.id }, isTime(name) ? w.utc(humanise(name)) : humanise(name)), field);
  });
  const isSet = (name) => (search.now.get(name) ?? '') !== '';
  const folded = fields.slice(SHOWN);
  const isOpen = search.filters.slice(SHOWN).some(isSet);
  const submit = (event) => {
    event.preventDefault();
    const data = new FormData(event.target);
    go(search.expand(Object.fromEntries(search.filters.map((name) => [name, `${data.get(name) ?? ''}`.trim()]))));
  };
  const form = el('form', { class: 'filters', role: 'search', onsubmit: submit },
    el('div', { class: 'row' }, fields.slice(0, SHOWN)),
    folded.length ? el('details', { open: isOpen }, el('summary', {}, w.moreFilters), el('div', { class: 'row' }, folded)) : undefined,
    el('div', { class: 'actions' }, el('button', { class: 'main', type: 'submit' }, w.apply),
      search.isFiltered() ? link(search.bare(), w.clear) : undefined));
  return el('details', { class: 'filtering', open: search.isFiltered() },
    el('summary', {}, w.filter, search.isFiltered() ? el('span', { class: 'dot', title: w.apply }) : undefined), form);
};

