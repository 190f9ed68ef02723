// A portal user: whether anybody can log in with the account, and its password, which people change of their own and
// administrators set anew.
import { getLater, isGood, problemOf, send } from '../api.js';
import { announce, button, el, link } from '../dom.js';
import { fieldsOf } from '../forms.js';
import { headOf, sectionsOf } from '../generic.js';
import { numberOf, sendSession } from '../login.js';
import { offered } from '../operations.js';
import { ask, me } from '../session.js';
import { sheet, summaryOf } from '../sheet.js';
import { words } from '../words.js';

const w = words.account;
const [PASSWORD, CURRENT] = ['password', 'currentPassword'];

/** Opens the form of a new password. `isOwn`: of the account that is logged in, whose sessions end by that, so that it logs in again. */
const change = (page, isOwn) => {
  const place = el('div');
  const fields = fieldsOf({ of: page.className, page, kind: 'create', only: isOwn ? [CURRENT, PASSWORD] : [PASSWORD] });
  const [current, fresh] = [CURRENT, PASSWORD].map((propertyPath) => fields.fieldFor({ propertyPath })?.element);
  current?.setAttribute('autocomplete', 'current-password');
  const refuse = (title, faults) => {
    fields.mark(faults);
    const summary = summaryOf(title, faults, fields);
    place.replaceChildren(summary);
    summary.focus();
  };
  const submit = async (event) => {
    event.preventDefault();
    const missing = fields.missing();
    if (missing.length) return refuse(words.operation.faults(missing.length), missing);
    const password = fresh.value;
    const exchange = await send('PATCH', page.url.split(/[?#]/)[0], { body: fields.body(), etag: page.exchange.etag });
    if (!isGood(exchange)) {
      const { title, detail, faults, retry } = problemOf(exchange);
      return refuse(exchange.status === 400 ? words.operation.faults(faults.length || 1) : title,
        [...(faults.length ? faults : [{ message: detail }]), ...(retry ? [{ message: retry }] : [])]);
    }
    if (isOwn) {
      await sendSession('POST', { email: page.doc.email, password, customer: numberOf(me.customer) });
      await ask();
    }
    dialog.close();
    announce(w.changed);
    return page.reload();
  };
  const dialog = sheet(isOwn ? w.own : w.other, el('form', { onsubmit: submit, novalidate: true }, place,
    el('p', { class: 'about' }, isOwn ? w.ownExplained : w.otherExplained),
    // Password managers ask whose it is.
    el('input', { type: 'text', autocomplete: 'username', value: page.doc.email, hidden: true, 'aria-hidden': 'true', tabindex: '-1',
      'aria-label': page.doc.email }),
    fields.element,
    el('div', { class: 'actions bottom' }, el('button', { type: 'submit', class: 'main' }, words.operation.save),
      button(words.operation.cancel, () => dialog.close()))));
  (current ?? fresh).focus();
};

/** Shows a portal user. */
export const view = (page) => {
  const { doc } = page;
  page.apart = [PASSWORD, CURRENT];
  const isOwn = me?.address === doc['@id'];
  const may = isOwn || offered(page).some(({ method }) => method === 'PATCH');
  // Of the own account, who only reads changes nothing but the password.
  const actions = me?.role === 'readonly' ? [] : page.actions;
  const note = el('div');
  if (!doc.enabled) note.replaceChildren(el('p', { class: 'note' }, w.disabled));
  else if (doc.roles) {
    getLater(doc.roles).then((exchange) => {
      if (page.signal.aborted || !isGood(exchange) || exchange.doc.totalItems !== 0) return;
      note.replaceChildren(el('p', { class: 'note' }, w.noRole, ' ', link(doc.roles, w.giveRole), '.'));
    });
  }
  const password = may ? [button(isOwn ? w.own : w.other, () => change(page, isOwn))] : [];
  return [headOf(page, { actions: [...password, ...actions] }), note, ...sectionsOf(page)];
};
