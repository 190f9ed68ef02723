// An image in deep zoom: the colours of known places are where they belong; sizes can be copied; what a stranger sees.
//
//   node image.mjs ROOT KEY:SECRET IMAGE PROTECTED BROKEN
import assert from 'node:assert/strict';

import { finish, made, open, visit } from './browser.mjs';

const [image, closed, broken] = process.argv.slice(4);
const window = await open();
const { page } = window;
await visit(page, image);
await page.waitForSelector('.stage[data-open]');
await page.waitForLoadState('networkidle');
await page.waitForTimeout(1500);
// The colours of a screenshot at nine places are those of the image itself.
const service = (await made('GET', image)).imageService;
const shot = (await page.locator('.stage').screenshot()).toString('base64');
const found = await page.evaluate(async ([data, whole]) => {
  const drawn = async (blob) => {
    const bitmap = await createImageBitmap(blob);
    const canvas = Object.assign(document.createElement('canvas'), { width: bitmap.width, height: bitmap.height });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0);
    return { width: bitmap.width, height: bitmap.height, at: (x, y) =>
      [...context.getImageData(Math.round(x), Math.round(y), 1, 1).data].slice(0, 3) };
  };
  const seen = await drawn(new Blob([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))]));
  const own = await drawn(await (await fetch(whole)).blob());
  const scale = Math.min(seen.width / own.width, seen.height / own.height);
  const [left, top] = [(seen.width - own.width * scale) / 2, (seen.height - own.height * scale) / 2];
  const places = [0.15, 0.5, 0.8].flatMap((x) => [0.15, 0.5, 0.8].map((y) => [x, y]));
  return places.map(([x, y]) => ({
    seen: seen.at(left + x * own.width * scale, top + y * own.height * scale), own: own.at(x * own.width, y * own.height),
  }));
}, [shot, `${service}/full/max/0/default.jpg`]);
const close = found.filter(({ seen, own }) => seen.every((value, n) => Math.abs(value - own[n]) < 30)).length;
// Where an edge runs through a place, scaling may change its colour.
assert.ok(close >= 7, JSON.stringify(found));
assert.ok(new Set(found.map(({ seen }) => `${seen.map((value) => value >> 5)}`)).size > 2, 'the places differ');
// Buttons do what gestures do.
for (const name of ['Zoom in', 'Zoom out', 'Whole picture', 'Turn']) await page.click(`.zoom [aria-label="${name}"]`);
assert.ok(await page.locator('.sizes li').count() > 0, 'thumbnails are listed');
await page.click('text=Try without credentials');
await page.waitForSelector('text=The whole image, in every size.');
assert.match(await page.textContent('.steps'), /registered.*processed/s);

await visit(page, closed);
await page.waitForSelector('.viewer');
await visit(page, broken);
await page.waitForSelector('.viewer.failed');
await finish(window);
