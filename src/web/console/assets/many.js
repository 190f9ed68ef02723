// All members of a collection that its filters match: counted first, then changed or deleted as one, if they are as many still.
import { isGood, problemOf, send } from './api.js';
import { announce, button, el, freshId, single } from './dom.js';
import { draftNote, dropDraft, keepDraft, readDraft, secretsOf, withoutSecrets } from './drafts.js';
import { fieldsOf } from './forms.js';
import { searchOf } from './search.js';
import { sheet, summaryOf } from './sheet.js';
import { number, words } from './words.js';

const w = words.many;
/** The kind of a draft of what is to be done with all. */
const DRAFT = 'all';

/** Returns the address that stands for what the filters match, with more parameters. */
const addressOf = (page, more) => {
  const search = searchOf(page);
  const url = new URL(search ? search.expand({ pageSize: undefined, orderBy: undefined, orderByDescending: undefined }) : page.url);
  if (!search?.isFiltered()) url.searchParams.set('all', 'true');
  Object.entries(more).forEach(([name, value]) => url.searchParams.set(name, value));
  return url.href;
};

/** Opens the form of an operation that is done with everything that matches. */
export const everything = async (operation, page) => {
  const isDeleting = operation.method === 'DELETE';
  const place = el('div');
  const fields = isDeleting ? undefined : fieldsOf({ of: operation.expects, page, kind: 'change' });
  const typed = el('input', { id: freshId('typed'), inputmode: 'numeric', autocomplete: 'off' });
  const address = page.url.split(/[?#]/)[0];
  const draft = fields && readDraft(DRAFT, address);
  if (draft) fields.fill(draft);
  const forget = () => { dropDraft(DRAFT, address); dialog.close(); everything(operation, page); };
  const keep = () => {
    const body = withoutSecrets(fields.body(), secretsOf(operation.expects, page.vocabulary));
    if (Object.keys(body).length) keepDraft(DRAFT, address, body); else dropDraft(DRAFT, address);
  };
  const refuse = (exchange) => {
    const { title, detail, faults } = problemOf(exchange);
    const rest = faults.length ? faults : [{ message: detail }];
    fields?.mark(faults);
    const summary = summaryOf(title, rest, fields);
    place.replaceChildren(summary);
    summary.focus();
    // What was counted is so no more.
    if (wanted !== undefined && [409, 412].includes(exchange.status)) {
      [wanted, confirmed.hidden, typed.value] = [undefined, true, ''];
      count.textContent = w.again;
    }
  };
  let wanted;
  const count = el('p', { class: 'note', role: 'status' }, words.loading);
  const submit = single(async () => {
    const wrong = fields?.missing() ?? [];
    fields?.mark(wrong);
    if (wrong.length) return place.replaceChildren(summaryOf(words.operation.faults(wrong.length), wrong, fields));
    const body = fields?.body();
    if (body && Object.keys(body).length === 0) return place.replaceChildren(summaryOf(words.operation.nothing, []));
    if (wanted === undefined) return countThem();
    if (typed.value.trim() !== `${wanted}`) {
      place.replaceChildren(summaryOf(words.bulk.wrongCount(wanted), []));
      return typed.focus();
    }
    const exchange = await send(operation.method, addressOf(page, { expect: wanted }), { body });
    if (!isGood(exchange)) return refuse(exchange);
    dropDraft(DRAFT, address);
    dialog.close();
    announce(words.operation.done);
    const job = exchange.status === 202 && exchange.headers.find(([name]) => name === 'location')?.[1];
    return job ? page.go(job) : page.reload();
  });
  const confirmed = el('div', { class: 'field', hidden: true });
  /** Asks how many there are: nothing is done by that. */
  const countThem = async () => {
    const exchange = await send(operation.method, addressOf(page, { dryRun: 'true' }), { body: fields?.body() });
    if (!isGood(exchange)) return refuse(exchange);
    wanted = exchange.doc.totalItems;
    count.textContent = w.matches(number(wanted));
    confirmed.hidden = false;
    confirmed.replaceChildren(el('label', { for: typed.id }, words.bulk.typeCount, ' ', el('code', {}, `${wanted}`)), typed);
    return typed.focus();
  };
  const dialog = sheet(operation.label, el('form', { onsubmit: submit, oninput: fields && keep, novalidate: true },
    place, draft ? draftNote(forget) : undefined, count, fields?.element, confirmed,
    el('div', { class: 'actions bottom' }, el('button', { type: 'submit', class: isDeleting ? 'danger' : 'main' },
      isDeleting ? words.operation.delete : words.operation.save),
      button(words.operation.cancel, () => dialog.close()))));
  if (isDeleting) await countThem();
  else {
    count.textContent = w.first;
    dialog.querySelector('input, textarea')?.focus();
  }
};
