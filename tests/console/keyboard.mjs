// What is done with forms by keyboard alone: opened, filled, sent, met by a conflict, and what is shown deleted.
import assert from 'node:assert/strict';

import { ask, made, picture, shown, tabTo } from './browser.mjs';

/** Returns the ways to fill and send the forms of a page by its keyboard. */
export const keyboardOf = (page) => {
  const keys = page.keyboard;

  /** Presses the button that has focus, and waits for the sheet. */
  const openSheet = async (method) => {
    await tabTo(page, `.head [data-method=${method}]`);
    await keys.press('Enter');
    await page.waitForSelector('dialog[open]');
  };

  /** Writes into a field of the sheet. */
  const enter = async (name, text) => {
    await tabTo(page, `dialog [name="${name}"]`);
    await keys.press('Control+A');
    await keys.type(text);
  };

  const submit = async () => {
    await tabTo(page, 'dialog button[type=submit]');
    await keys.press('Enter');
  };

  const closed = () => page.waitForFunction(() => !document.querySelector('dialog[open]'));

  /** Deletes what is shown: the last part of its address is typed, once wrongly. */
  const remove = async () => {
    const address = page.url();
    const last = decodeURIComponent(new URL(address).pathname.split('/').pop());
    await openSheet('DELETE');
    await keys.type('something else');
    await keys.press('Enter');
    await page.waitForSelector('dialog .summary');
    await keys.press('Control+A');
    await keys.type(last);
    await keys.press('Enter');
    await closed();
    await page.waitForFunction((old) => location.href !== old, address);
    await shown(page);
    assert.equal((await ask('GET', address)).status, 404, address);
  };

  /** Two people change the same: the second sees both, and sends it again. */
  const conflict = async (member, [mine, theirs, last], { isNumber = false } = {}) => {
    const address = page.url();
    await openSheet('PATCH');
    await enter(member, mine);
    await made('PATCH', address, { [member]: isNumber ? Number(theirs) : theirs });
    await submit();
    await page.waitForSelector('dialog .conflict');
    const row = await page.locator('dialog .conflict tr.changed').first().textContent();
    for (const text of [mine, last, theirs]) assert.ok(row.includes(text), `${text} in ${row}`);
    if (member === 'name') await picture(page, 'conflict');
    await tabTo(page, 'dialog .conflict button.main');
    await keys.press('Enter');
    await closed();
    await shown(page);
    assert.equal((await ask('GET', address)).doc[member], isNumber ? Number(mine) : mine);
  };

  return { openSheet, enter, submit, closed, remove, conflict };
};
