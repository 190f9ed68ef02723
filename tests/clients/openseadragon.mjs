// OpenSeadragon in Chromium draws an image from its description alone, and what it shows is compared with the source.
//
//   node openseadragon.mjs ROOT KEY:SECRET [WIDTHxHEIGHT [FOLDER]]
//
// Into FOLDER goes what was drawn. `script/clients` tells where Chromium is; without one there is nothing to do.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { base, fetchWithKey, fresh, said } from './service.mjs';

const chromium = (await readFile(new URL('chromium', import.meta.url), 'utf8')).trim();
if (!chromium) {
  said('there is no Chromium: nothing is drawn');
  process.exit(0);
}
const [size = '3000x2250', folder] = process.argv.slice(4);
const [width, height] = size.split('x').map(Number);

/** Mean difference of all samples that is allowed, and that of any block: a tile in a wrong place differs by more. */
const MEAN = 3;
const BLOCK = 16;

/** Sends a body with the key. */
const send = async (method, url, body) => {
  const headers = { 'content-type': 'application/ld+json' };
  const answer = await fetchWithKey(url, { method, headers, body: JSON.stringify(body) });
  const document = await answer.json();
  assert.ok(answer.ok, JSON.stringify(document));
  return document;
};

/** Registers the picture of an address; returns the descriptions of the image in both versions. */
const register = async (origin) => {
  const root = await (await fetchWithKey(`${base}/`)).json();
  const [customer] = (await (await fetchWithKey(root.customers)).json()).member;
  const space = await send('POST', customer.spaces, { name: fresh('drawn') });
  const image = await send('PUT', `${space['@id']}/images/drawn`, { origin });
  assert.deepEqual([image.width, image.height, image.error], [width, height, '']);
  return [image.infoJson, image.infoJson.replace('/iiif-img/', '/iiif-img/v2/')];
};

/** What runs in the browser: draws a picture, has it registered, and looks at it through the viewer. */
const inBrowser = async (width, height) => {
  const canvas = (w, h) => Object.assign(document.createElement('canvas'), { width: w, height: h });
  const post = (to, body) => fetch(to, { method: 'POST', body });
  const blob = (of) => new Promise((done) => of.toBlob(done, 'image/png'));

  // Colours tell where in the picture they are, and lines where exactly.
  const drawPicture = () => {
    const picture = canvas(width, height);
    const context = picture.getContext('2d');
    for (const [x, y, colour] of [[width, 0, '#f00'], [0, height, '#0f0']]) {
      const gradient = context.createLinearGradient(0, 0, x, y);
      gradient.addColorStop(0, '#000');
      gradient.addColorStop(1, colour);
      context.globalCompositeOperation = 'lighter';
      context.fillStyle = gradient;
      context.fillRect(0, 0, width, height);
    }
    context.globalCompositeOperation = 'source-over';
    context.fillStyle = '#fff';
    // As large as the picture asks for, so that the whole of it shows them as well.
    const [step, line] = [Math.round(width / 6), Math.ceil(width / 400)];
    context.font = `${Math.round(width / 50)}px sans-serif`;
    for (let x = 0; x < width; x += step) context.fillRect(x, 0, line, height);
    for (let y = 0; y < height; y += step) context.fillRect(0, y, width, line);
    for (let y = 0; y < height; y += step) {
      for (let x = 0; x < width; x += step) context.fillText(`${x},${y}`, x + 5 * line, y + 15 * line);
    }
    return picture;
  };

  // Waits until nothing is left to load, and what was loaded is on the screen.
  const settle = async (viewer, item) => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    for (let quiet = 0; quiet < 10; quiet += 1) {
      viewer.forceRedraw();
      await frame();
      await frame();
      if (!item.getFullyLoaded()) quiet = 0;
    }
  };

  // The mean difference of all samples, and the largest of any block of 25 by 25 pixels.
  const compare = (drawn, expected) => {
    const read = (of) => of.getContext('2d').getImageData(0, 0, expected.width, expected.height).data;
    const [a, b] = [read(drawn), read(expected)];
    const blocks = new Map();
    let sum = 0;
    for (let i = 0; i < a.length; i += 1) {
      if (i % 4 === 3) continue;
      const [x, y] = [(i >> 2) % expected.width, Math.floor((i >> 2) / expected.width)];
      const block = `${Math.floor(x / 25)},${Math.floor(y / 25)}`;
      const difference = Math.abs(a[i] - b[i]);
      sum += difference;
      blocks.set(block, (blocks.get(block) ?? 0) + difference);
    }
    return { mean: sum / (expected.width * expected.height * 3), block: Math.max(...blocks.values()) / (25 * 25 * 3) };
  };

  const look = async (info, view, picture) => {
    const viewer = OpenSeadragon({
      id: 'viewer', tileSources: info, crossOriginPolicy: 'Anonymous', showNavigationControl: false,
      animationTime: 0, blendTime: 0, immediateRender: true,
    });
    let failed = 0;
    viewer.addHandler('tile-load-failed', () => { failed += 1; });
    await new Promise((done, fail) => {
      viewer.addOnceHandler('open', done);
      viewer.addOnceHandler('open-failed', (event) => fail(new Error(`${info}: ${event.message}`)));
    });
    const item = viewer.world.getItemAt(0);
    viewer.viewport.fitBounds(item.imageToViewportRectangle(...view.region), true);
    await settle(viewer, item);
    const expected = canvas(1000, 750);
    const context = expected.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.drawImage(picture, ...view.region, 0, 0, 1000, 750);
    const drawn = canvas(1000, 750);
    drawn.getContext('2d').drawImage(viewer.drawer.canvas, 0, 0, 1000, 750);
    const { x, y } = item.getContentSize();
    await post(`/drawn/${view.name}-${new URL(info).pathname.split('/')[2]}.png`, await blob(drawn));
    const found = { info, view: view.name, size: [x, y], failed, ...compare(drawn, expected) };
    viewer.destroy();
    return found;
  };

  try {
    const picture = drawPicture();
    const infos = await (await post('/picture', await blob(picture))).json();
    const found = [];
    for (const info of infos) {
      for (const view of [
        { name: 'home', region: [0, 0, width, height] },
        { name: 'middle', region: [width * 0.3, height * 0.3, width * 0.5, height * 0.5] },
        { name: 'corner', region: [width - 1000, height - 750, 1000, 750] },
      ]) {
        found.push(await look(info, view, picture));
      }
    }
    await post('/found', JSON.stringify(found));
  } catch (error) {
    await post('/found', JSON.stringify({ error: `${error.stack}` }));
  }
};

const page = `<!doctype html><meta charset="utf-8"><body style="margin: 0">
<div id="viewer" style="width: 1000px; height: 750px"></div><script src="/openseadragon.js"></script>
<script>(${inBrowser})(${width}, ${height})</script>`;
const library = await readFile(createRequire(import.meta.url).resolve('openseadragon'));

let picture;
let tell;
const told = new Promise((done) => { tell = done; });
const server = http.createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  const answers = {
    'GET /': () => ['text/html', page],
    'GET /openseadragon.js': () => ['text/javascript', library],
    'GET /picture.png': () => ['image/png', picture],
    'POST /picture': async () => {
      picture = body;
      return ['application/json', JSON.stringify(await register(`http://127.0.0.1:${server.address().port}/picture.png`))];
    },
    'POST /found': () => {
      tell(JSON.parse(body));
      return ['text/plain', ''];
    },
  };
  try {
    if (request.url.startsWith('/drawn/') && folder) await writeFile(path.join(folder, path.basename(request.url)), body);
    const [type, content] = await (answers[`${request.method} ${request.url}`] ?? (() => ['text/plain', '']))();
    response.writeHead(200, { 'content-type': type }).end(content);
  } catch (error) {
    tell({ error: `${error.stack}` });
    response.writeHead(500).end();
  }
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const profile = await mkdtemp(path.join(tmpdir(), 'hydria-chromium-'));
const browser = spawn(chromium, [
  '--headless', '--no-sandbox', '--disable-dev-shm-usage', '--enable-unsafe-swiftshader', '--no-first-run',
  `--user-data-dir=${profile}`, '--remote-debugging-port=0', `http://127.0.0.1:${server.address().port}/`,
], { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
// It is several processes, and what starts them may be a script: all of its group end, however this one does.
const end = () => {
  try {
    process.kill(-browser.pid, 'SIGKILL');
  } catch {
    // They have ended already.
  }
};
process.on('exit', end);
let words = '';
browser.stderr.on('data', (more) => { words = (words + more).slice(-10_000); });
const gone = once(browser, 'exit').then(([code]) => ({ error: `Chromium ended with ${code}: ${words}` }));
const found = await Promise.race([told, gone]);
end();
await gone;
server.closeAllConnections();
server.close();
await rm(profile, { recursive: true, force: true, maxRetries: 5 });

assert.equal(found.error, undefined, found.error);
assert.equal(found.length, 6);
for (const view of found) {
  said(view.info, view.view, `differs by ${view.mean.toFixed(2)} in the mean, ${view.block.toFixed(2)} in a block`);
  assert.deepEqual([view.size, view.failed], [[width, height], 0], JSON.stringify(view));
  assert.ok(view.mean < MEAN && view.block < BLOCK, JSON.stringify(view));
}
