// Forms made of a class: a field for each property that can be written, by its range; faults beside their fields.
import { el, freshId } from './dom.js';
import { numberOf, parse, write } from './json.js';
import { suggest } from './suggest.js';
import { humanise, nameOf, words } from './words.js';

const w = words.form;
/** Properties whose texts are long, by the words of their names. */
const LONG = /template|description|configuration|statement|credentials|privateKey/i;
const isWhole = (range) => range.some((type) => /[iI]nteger$|:int$|:long$/.test(type));
const linesOf = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean);
const same = (a, b) => write(a) === write(b);

/** Returns the properties of a class that a form has: those that clients write, but for sets that have addresses of their own. */
export const writable = (of, vocabulary) => [...vocabulary.class(of).properties.values()]
  .filter((property) => property.writable && !property.isCollection);

const localTime = (text) => {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? '' : new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
};

/** Returns `{element, read, write}` for a property: `read` returns its value, `undefined` where nothing is entered. */
const widgetOf = (property, page) => {
  const { range, many, readable, classes } = property;
  if (!readable) {
    const element = LONG.test(property.name) ? el('textarea', { rows: 3, autocomplete: 'off', spellcheck: 'false' })
      : el('input', range.includes('xsd:anyURI') ? { type: 'text', inputmode: 'url' } : { type: 'password', autocomplete: 'new-password' });
    return { element, read: () => element.value || undefined, write: (value) => { element.value = value ?? ''; } };
  }
  if (many) {
    const element = el('textarea', { rows: 3, dir: 'auto', spellcheck: 'false' });
    const toValue = isWhole(range) ? (lines) => lines.map(numberOf) : (lines) => lines;
    return {
      element, isMany: true,
      read: () => { const lines = toValue(linesOf(element.value)); return lines.length ? lines : undefined; },
      write: (value) => { element.value = [value ?? []].flat().map((one) => one?.['@id'] ?? one).join('\n'); },
      suggestions: classes.length ? () => suggest(classes[0], page) : undefined,
    };
  }
  if (range.includes('xsd:boolean')) {
    const element = el('input', { type: 'checkbox' });
    return { element, isBoolean: true, read: () => element.checked, write: (value) => { element.checked = value === true; } };
  }
  if (isWhole(range)) {
    const element = el('input', { type: 'number', step: '1', min: range.includes('xsd:nonNegativeInteger') ? '0' : undefined });
    const read = () => (element.value === '' ? undefined : numberOf(element.value));
    return { element, read, write: (value) => { element.value = value ?? ''; } };
  }
  if (range.includes('xsd:dateTime')) {
    const element = el('input', { type: 'datetime-local', step: '1' });
    return {
      element, read: () => (element.value ? new Date(element.value).toISOString() : undefined),
      write: (value) => { element.value = value ? localTime(value) : ''; },
    };
  }
  const isUnknown = range.length > 0 && !range.some((type) => /^xsd:(string|anyURI)$/.test(type)) && classes.length === 0;
  if (isUnknown) {
    const element = el('textarea', { rows: 2, spellcheck: 'false' });
    const read = () => {
      if (element.value.trim() === '') return undefined;
      try { return parse(element.value); } catch { return element.value; }
    };
    return { element, read, write: (value) => { element.value = value === undefined ? '' : write(value); } };
  }
  const element = LONG.test(property.name) ? el('textarea', { rows: 3, dir: 'auto' })
    : el('input', { type: 'text', dir: 'auto', autocomplete: 'off', inputmode: range.includes('xsd:anyURI') ? 'url' : undefined });
  return {
    element, read: () => (element.value === '' ? undefined : element.value),
    write: (value) => { element.value = value?.['@id'] ?? value ?? ''; },
    suggestions: classes.length ? () => suggest(classes[0], page) : undefined,
  };
};

/** Time without another letter until what was typed is looked for, in milliseconds. */
const PAUSE = 300;

/** Offers what a field may lead to, once it is entered, and what has the name that is typed in it. */
const suggestAt = (element, offered, { suggestions, isMany }) => {
  let [asked, timer, turn] = [undefined, undefined, 0];
  const typed = () => (isMany ? element.value.split('\n').at(-1) : element.value).trim();
  const choose = (id) => {
    if (!isMany) element.value = id;
    else {
      // An address is chosen in place of the name that was typed.
      const lines = linesOf(element.value).filter((line) => line !== id && /[:/]/.test(line));
      element.value = [...lines, id].join('\n');
    }
    element.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const offer = (found) => offered.replaceChildren(...found.map((one) => el('li', {},
    el('button', { type: 'button', class: 'quiet', onclick: () => choose(one['@id']) }, nameOf(one)))));
  const look = async () => {
    const own = turn += 1;
    asked ??= suggestions();
    const text = typed();
    const { members, named } = await asked;
    const found = text === '' || /[:/]/.test(text) ? members : await named(text);
    if (own === turn) offer(found);
  };
  element.addEventListener('focus', look, { once: true });
  element.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });
};

/** Returns a field: label, widget, what it means, what is wrong with it. */
const fieldOf = (property, page, { isCreating }) => {
  const widget = widgetOf(property, page);
  const { element } = widget;
  element.id = freshId('field');
  element.name = property.name;
  const [about, fault] = [el('p', { class: 'about', id: `${element.id}-about` }), el('p', { class: 'fault', id: `${element.id}-fault` })];
  const example = property.example === undefined
    ? '' : ` ${w.example(Array.isArray(property.example) ? property.example[0] : property.example)}`;
  const parts = [property.description, example.trim(), widget.isMany && w.lines, !property.readable && !isCreating && w.unchanged];
  about.textContent = parts.filter(Boolean).map((part) => part.replace(/[.:;]?$/, '.')).join(' ');
  element.setAttribute('aria-describedby', `${about.id} ${fault.id}`);
  const isRequired = property.required && isCreating;
  if (isRequired) element.setAttribute('aria-required', 'true');
  const label = el('label', { for: element.id }, humanise(property.name),
    isRequired ? el('span', { class: 'faint' }, ` ${w.required}`) : undefined);
  const offered = el('ul', { class: 'chips offered' });
  if (widget.suggestions) suggestAt(element, offered, widget);
  const box = el('div', { class: widget.isBoolean ? 'field check' : 'field' }, label, element, offered, about, fault);
  const mark = (message) => {
    fault.textContent = message ?? '';
    if (message) element.setAttribute('aria-invalid', 'true'); else element.removeAttribute('aria-invalid');
  };
  return { ...widget, property, box, mark, id: element.id };
};

const isEmpty = (value) => value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
const idOf = (one) => (one?.['@id'] && Object.keys(one).length === 1 ? one['@id'] : one);

/** Returns whether what a field says is what was written as JSON. */
const isHeld = (said, value, { property: { range } }) => {
  if (isEmpty(value)) return isEmpty(said);
  const isMoment = range.includes('xsd:dateTime') && typeof value === 'string' && Date.parse(value) === Date.parse(said);
  return isMoment || same([said].flat(), [value].flat().map(idOf));
};

/** Returns the names of members that a fault is about. */
const memberOf = ({ pointer, propertyPath }) => (pointer ?? '').replace(/^#?\//, '').split('/')[0]
  || `${propertyPath ?? ''}`.split(/[.[]/)[0];

/**
 * Makes the fields of a class. `kind`: `create`, `replace` or `change`.
 * Returns `{element, body, mark, fill, isDirty}`; `body()` is what is to be sent, of a change only what was changed.
 */
export const fieldsOf = ({ of, page, initial = {}, kind, only }) => {
  const isCreating = kind === 'create';
  const properties = writable(of, page.vocabulary).filter(({ name }) => !only || only.includes(name));
  const fields = properties.map((property) => fieldOf(property, page, { isCreating }));
  const first = new Map();
  for (const field of fields) {
    field.write(initial[field.property.name]);
    first.set(field, field.read());
  }
  const touched = new Set();
  const element = el('div', { class: 'form-fields', oninput: (event) => touched.add(event.target.name) },
    [...fields].sort((a, b) => Number(isCreating && b.property.required) - Number(isCreating && a.property.required))
      .map(({ box }) => box));
  /** Returns a member that nobody changed as it was read: some fields show no more than a part of it, as of a time its seconds. */
  const untouched = ({ property: { name } }, value) => {
    const before = initial[name];
    return before === undefined || [before].flat().some((one) => typeof one === 'object') ? value : before;
  };
  const body = () => {
    const sent = {};
    for (const field of fields) {
      const { name, readable } = field.property;
      const value = field.read();
      const isChanged = !same(value, first.get(field));
      if (kind === 'change' ? isChanged : value !== undefined && (!isCreating || isChanged || touched.has(name))) {
        sent[name] = value === undefined ? (field.isMany ? [] : null) : kind === 'replace' && !isChanged ? untouched(field, value) : value;
      } else if (kind === 'replace' && readable && isChanged) sent[name] = field.isMany ? [] : null;
    }
    return sent;
  };
  const mark = (faults) => {
    const rest = [];
    for (const field of fields) {
      field.mark(faults.filter((fault) => memberOf(fault) === field.property.name).map(({ message }) => message).join(' '));
    }
    for (const fault of faults) if (!fields.some((field) => field.property.name === memberOf(fault))) rest.push(fault);
    return rest;
  };
  /**
   * Returns what is wrong before anything is sent: what is missing, what is no number or time, and numbers that would be sent as
   * others.
   */
  const missing = () => fields.flatMap((field) => {
    const { name: propertyPath, required, range } = field.property;
    // The browser says that nothing is entered, which would be taken as a wish to remove what was there.
    if (field.element.validity.badInput) {
      return [{ propertyPath, message: (range.includes('xsd:dateTime') ? w.noTime : w.noNumber)(humanise(propertyPath)) }];
    }
    const value = field.read();
    if (required && isCreating && value === undefined) return [{ propertyPath, message: w.isRequired(humanise(propertyPath)) }];
    const isWrong = [value].flat().some((one) => typeof one === 'number' && Math.abs(one) > Number.MAX_SAFE_INTEGER);
    return isWrong ? [{ propertyPath, message: w.tooLarge(humanise(propertyPath)) }] : [];
  });
  const fill = (values) => {
    for (const field of fields) {
      const { name, readable } = field.property;
      if (readable && name in values) { field.write(values[name] ?? undefined); touched.add(name); }
    }
  };
  /** Shows what was written as JSON in the fields, and nothing else; returns the names of members that no field holds. */
  const show = (values) => {
    for (const field of fields) {
      const { name, readable } = field.property;
      if (name in values) { field.write(values[name] ?? undefined); touched.add(name); }
      // What is secret does not stand in the JSON.
      else if (readable) field.write(kind === 'replace' ? undefined : initial[name]);
    }
    return Object.entries(values).filter(([propertyPath, value]) => {
      const field = fieldFor({ propertyPath });
      // A secret that is taken away is none that is left as it is.
      return !field || (value === null && !field.property.readable) || !isHeld(field.read(), value, field);
    }).map(([name]) => name);
  };
  const fieldFor = (fault) => fields.find((field) => field.property.name === memberOf(fault));
  return { element, body, mark, missing, fill, show, fieldFor, isDirty: () => Object.keys(body()).length > 0 };
};
