// Several images at once: which are selected, and what is done with them in one request.
import { base, get, isGood, problemOf, send } from '../api.js';
import { announce, button, el, freshId } from '../dom.js';
import { fieldsOf, summaryOf } from '../forms.js';
import { sheet } from '../sheet.js';
import { suggest } from '../suggest.js';
import { nameOf, words } from '../words.js';

const w = words.bulk;
const OTHERS = ['label', 'string1', 'string2', 'string3', 'number1', 'number2', 'number3', 'maxUnauthorised', 'requiredStatement', 'rights'];
const linesOf = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean);

/** Sends what is to be done with all; what went wrong is shown in the sheet. */
const carryOut = async (method, url, body, { place, dialog, page }) => {
  const exchange = await send(method, url, { body });
  if (isGood(exchange)) {
    dialog.close();
    announce(words.operation.done);
    const job = exchange.status === 202 && exchange.headers.find(([name]) => name === 'location')?.[1];
    return job ? page.go(job) : page.reload();
  }
  const { title, detail, faults } = problemOf(exchange);
  const summary = summaryOf(title, faults.length ? faults : [{ message: detail }]);
  place.replaceChildren(summary);
  return summary.focus();
};

const area = (label, about) => {
  const input = el('textarea', { id: freshId('bulk'), rows: 2, dir: 'auto', spellcheck: 'false' });
  return { input, box: el('div', { class: 'field' }, el('label', { for: input.id }, label), input, about ? el('p', { class: 'about' }, about) : undefined) };
};

/** Opens the form that changes all that are selected. */
const change = (page, images, of) => {
  const place = el('div');
  const [added, removed] = [area(w.addTags, w.lines), area(w.removeTags)];
  const fields = fieldsOf({ of, page, kind: 'change', only: OTHERS });
  const roles = el('div', { class: 'choices' });
  const radio = freshId('who');
  const whoMay = [['', w.keep], ['open', w.open], ['roles', w.roles]].map(([value, label]) => el('label', { class: 'check' },
    el('input', { type: 'radio', name: radio, value, checked: value === '' }), el('span', {}, label)));
  const who = el('fieldset', { class: 'field who' }, el('legend', {}, w.protect), whoMay, roles);
  const inputOf = (value) => who.querySelector(`[type=radio][value="${value}"]`);
  roles.addEventListener('change', () => { inputOf(roles.querySelector(':checked') ? 'roles' : '').checked = true; });
  suggest('Role', page).then((found) => {
    roles.replaceChildren(...found.map((role) => el('label', { class: 'check' },
      el('input', { type: 'checkbox', value: role['@id'] }), el('span', {}, nameOf(role)))));
    whoMay.at(-1).hidden = found.length === 0;
  });
  const submit = (event) => {
    event.preventDefault();
    const same = fields.body();
    const [more, fewer] = [linesOf(added.input.value), linesOf(removed.input.value)];
    const chosen = [...roles.querySelectorAll('input:checked')].map((input) => input.value);
    const member = images.map((image) => {
      const changes = { id: image.id, ...same };
      if (more.length || fewer.length) changes.tags = [...new Set([...(image.tags ?? []), ...more])].filter((tag) => !fewer.includes(tag));
      if (inputOf('open').checked) Object.assign(changes, { roles: [], maxUnauthorised: -1 });
      if (inputOf('roles').checked && chosen.length) changes.roles = chosen;
      return changes;
    });
    if (member.every((changes) => Object.keys(changes).length === 1)) {
      const summary = summaryOf(words.operation.nothing, []);
      place.replaceChildren(summary);
      return summary.focus();
    }
    return carryOut('PATCH', page.url.split(/[?#]/)[0], { member }, { place, dialog, page });
  };
  const dialog = sheet(w.title(images.length), el('form', { onsubmit: submit }, place, added.box, removed.box,
    who, fields.element,
    el('div', { class: 'actions bottom' }, el('button', { type: 'submit', class: 'main' }, words.operation.save),
      button(words.operation.cancel, () => dialog.close()))));
  added.input.focus();
};

/** Asks before all that are selected are deleted. */
const remove = async (page, images) => {
  const above = new URL(page.url, location.href).href.slice(base.length).split('/').slice(1, 3).join('/');
  const place = el('div');
  const typed = el('input', { id: freshId('typed'), inputmode: 'numeric', autocomplete: 'off' });
  const submit = async (event) => {
    event.preventDefault();
    if (typed.value.trim() !== `${images.length}`) {
      place.replaceChildren(summaryOf(w.wrongCount(images.length), []));
      return typed.focus();
    }
    const { doc } = await get(`${base}/${above}`, { quiet: true });
    const member = images.map((image) => ({ '@id': image['@id'] }));
    return carryOut('POST', doc.deleteImages, { member }, { place, dialog, page });
  };
  const dialog = sheet(w.removeTitle(images.length), el('form', { onsubmit: submit }, place, el('p', {}, words.operation.deleteExplained),
    el('ul', { class: 'chips' }, images.slice(0, 30).map((image) => el('li', { dir: 'auto' }, nameOf(image)))),
    el('div', { class: 'field' }, el('label', { for: typed.id }, w.typeCount, ' ', el('code', {}, `${images.length}`)), typed),
    el('div', { class: 'actions' }, el('button', { type: 'submit', class: 'danger' }, words.operation.delete),
      button(words.operation.cancel, () => dialog.close()))));
  typed.focus();
};

/** Returns what is selected of the images of a page, and the bar that tells of it. */
export const selectionOf = (page, members, of) => {
  const chosen = new Map();
  const bar = el('div', { class: 'selection', role: 'group', 'aria-label': w.bar });
  let last;
  const draw = () => {
    const images = [...chosen.values()];
    bar.replaceChildren(...(images.length ? [el('strong', {}, w.selected(images.length)),
      button(w.edit, () => change(page, images, of), { class: 'main' }), button(w.remove, () => remove(page, images), { class: 'danger' }),
      button(w.clear, () => selection.all(false), { class: 'quiet' })] : [el('span', { class: 'faint' }, w.none)]),
    ...(images.length < members.length ? [button(w.all, () => selection.all(true), { class: 'quiet' })] : []));
  };
  const selection = {
    bar,
    has: (id) => chosen.has(id),
    /** Selects one or not; with Shift, all from the one before to this. */
    toggle: (image, isOn, isRange) => {
      const place = (id) => members.findIndex((one) => one['@id'] === id);
      const [from, to] = [isRange && last ? place(last) : place(image['@id']), place(image['@id'])].sort((a, b) => a - b);
      for (const one of members.slice(from, to + 1)) if (isOn) chosen.set(one['@id'], one); else chosen.delete(one['@id']);
      last = image['@id'];
      for (const cell of document.querySelectorAll('.members [data-id]')) {
        const box = cell.querySelector('input[type=checkbox]');
        if (box) box.checked = chosen.has(cell.dataset.id);
      }
      draw();
    },
    all: (isOn) => {
      chosen.clear();
      if (isOn) members.forEach((image) => chosen.set(image['@id'], image));
      selection.onchange?.();
      draw();
    },
  };
  draw();
  return selection;
};
