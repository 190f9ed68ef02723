// Several images at once: which are selected, and what is done with them in one request.
import { customerOf, get, isGood, problemOf, send } from '../api.js';
import { announce, button, el, freshId, redraw, single } from '../dom.js';
import { draftNote, dropDraft, keepDraft, readDraft } from '../drafts.js';
import { sheet, summaryOf } from '../sheet.js';
import { suggest } from '../suggest.js';
import { nameOf, words } from '../words.js';

const w = words.bulk;
const OTHERS = ['label', 'string1', 'string2', 'string3', 'number1', 'number2', 'number3', 'maxUnauthorised', 'requiredStatement',
  'rights'];
/** The kind of a draft of what is to be done with those that are selected. */
const DRAFT = 'selected';
/** Roles that are offered, at most: customers have a few. */
const ROLES = 500;
const linesOf = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean);

/** Reads images anew, so many at once; returns them by address, or the exchange that failed. */
const READ = 50;
const readAnew = async (page, images) => {
  const customer = await get(customerOf(page.url), { quiet: true });
  if (!isGood(customer)) return { exchange: customer };
  const found = new Map();
  for (let at = 0; at < images.length; at += READ) {
    const member = images.slice(at, at + READ).map((image) => ({ '@id': image['@id'] }));
    const exchange = await send('POST', customer.doc.allImages, { quiet: true, body: { '@type': 'Collection', member } });
    if (!isGood(exchange)) return { exchange };
    exchange.doc.member.forEach((image) => found.set(image['@id'], image));
  }
  return { found };
};

/** Shows in a sheet what the service refused. */
const say = (exchange, place) => {
  const { title, detail, faults } = problemOf(exchange);
  const summary = summaryOf(title, faults.length ? faults : [{ message: detail }]);
  place.replaceChildren(summary);
  return summary.focus();
};

/** Sends what is to be done with all; what went wrong is shown in the sheet. */
const carryOut = async (method, url, body, { place, dialog, page }) => {
  const exchange = await send(method, url, { body });
  if (isGood(exchange)) {
    if (method === 'PATCH') dropDraft(DRAFT, url);
    dialog.close();
    announce(words.operation.done);
    const job = exchange.status === 202 && exchange.headers.find(([name]) => name === 'location')?.[1];
    return job ? page.go(job) : page.reload();
  }
  return say(exchange, place);
};

const area = (label, about) => {
  const input = el('textarea', { id: freshId('bulk'), rows: 2, dir: 'auto', spellcheck: 'false' });
  const box = el('div', { class: 'field' }, el('label', { for: input.id }, label), input,
    about ? el('p', { class: 'about' }, about) : undefined);
  return { input, box };
};

/** Opens the form that changes all that are selected. */
const change = async (page, images, of) => {
  const { fieldsOf } = await import('../forms.js');
  const place = el('div');
  const [added, removed] = [area(w.addTags, w.lines), area(w.removeTags)];
  const fields = fieldsOf({ of, page, kind: 'change', only: OTHERS });
  const roles = el('div', { class: 'choices' });
  const radio = freshId('who');
  const whoMay = [['', w.keep], ['open', w.open], ['roles', w.roles]].map(([value, label]) => el('label', { class: 'check' },
    el('input', { type: 'radio', name: radio, value, checked: value === '' }), el('span', {}, label)));
  const who = el('fieldset', { class: 'field who' }, el('legend', {}, w.protect), whoMay, roles);
  const address = page.url.split(/[?#]/)[0];
  const draft = readDraft(DRAFT, address);
  const inputOf = (value) => who.querySelector(`[type=radio][value="${value}"]`);
  roles.addEventListener('change', () => { inputOf(roles.querySelector(':checked') ? 'roles' : '').checked = true; });
  roles.append(el('span', { class: 'faint' }, words.loading));
  suggest('Role', page, ROLES).then(({ members: found }) => {
    const ticks = found.map((role) => el('label', { class: 'check' },
      el('input', { type: 'checkbox', value: role['@id'], checked: draft?.roles.includes(role['@id']) }), el('span', {}, nameOf(role))));
    roles.replaceChildren(...(ticks.length ? ticks : [el('span', { class: 'faint' }, w.noRoles)]));
  });
  if (draft) {
    fields.fill(draft.body);
    [added.input.value, removed.input.value, inputOf(draft.who).checked] = [draft.added, draft.removed, true];
  }
  const ticked = () => [...roles.querySelectorAll('input:checked')].map((input) => input.value);
  const keep = () => keepDraft(DRAFT, address, {
    added: added.input.value, removed: removed.input.value, who: who.querySelector('[type=radio]:checked').value,
    roles: roles.querySelector('input') ? ticked() : draft?.roles ?? [], body: fields.body(),
  });
  const forget = () => { dropDraft(DRAFT, address); dialog.close(); change(page, images, of); };
  const refuse = (title) => {
    const summary = summaryOf(title, []);
    place.replaceChildren(summary);
    return summary.focus();
  };
  const submit = single(async () => {
    const same = fields.body();
    const [more, fewer] = [linesOf(added.input.value), linesOf(removed.input.value)];
    const chosen = ticked();
    const isForRoles = inputOf('roles').checked;
    if (isForRoles && !chosen.length) return refuse(w.noneTicked);
    const isTagged = more.length > 0 || fewer.length > 0;
    if (!isTagged && !isForRoles && !inputOf('open').checked && !Object.keys(same).length) return refuse(words.operation.nothing);
    // Somebody else may have tagged them meanwhile.
    const { found, exchange } = isTagged ? await readAnew(page, images) : { found: new Map() };
    if (exchange) return say(exchange, place);
    const member = images.map((image) => {
      const changes = { id: image.id, ...same };
      const tags = found.get(image['@id'])?.tags ?? image.tags ?? [];
      if (isTagged) changes.tags = [...new Set([...tags, ...more])].filter((tag) => !fewer.includes(tag));
      if (inputOf('open').checked) Object.assign(changes, { roles: [], maxUnauthorised: -1 });
      if (isForRoles) changes.roles = chosen;
      return changes;
    });
    return carryOut('PATCH', address, { member }, { place, dialog, page });
  });
  const dialog = sheet(w.title(images.length), el('form', { onsubmit: submit, oninput: keep, onchange: keep }, place,
    draft ? draftNote(forget) : undefined, added.box, removed.box, who, fields.element,
    el('div', { class: 'actions bottom' }, el('button', { type: 'submit', class: 'main' }, words.operation.save),
      button(words.operation.cancel, () => dialog.close()))));
  added.input.focus();
};

/** Asks before all that are selected are deleted. */
const remove = async (page, images) => {
  const place = el('div');
  const typed = el('input', { id: freshId('typed'), inputmode: 'numeric', autocomplete: 'off' });
  const submit = single(async () => {
    if (typed.value.trim() !== `${images.length}`) {
      place.replaceChildren(summaryOf(w.wrongCount(images.length), []));
      return typed.focus();
    }
    const customer = await get(customerOf(page.url), { quiet: true });
    if (!isGood(customer)) return say(customer, place);
    const member = images.map((image) => ({ '@id': image['@id'] }));
    return carryOut('POST', customer.doc.deleteImages, { member }, { place, dialog, page });
  });
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
    redraw(bar, [images.length ? [el('strong', {}, w.selected(images.length)),
      button(w.edit, single(() => change(page, images, of)), { class: 'main' }),
      button(w.remove, () => remove(page, images), { class: 'danger' }),
      button(w.clear, () => selection.all(false), { class: 'quiet' })] : el('span', { class: 'faint' }, w.none),
    images.length < members.length ? button(w.all, () => selection.all(true), { class: 'quiet' }) : undefined]);
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
