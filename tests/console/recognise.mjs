// The formats that the browser knows by the first bytes of a file are those that the service reads.
//
//   node recognise.mjs RECOGNISE.JS NAME=BYTES…, in hexadecimal digits
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

const [file, ...given] = process.argv.slice(2);
const { FORMATS, formatOf } = await import(`data:text/javascript,${encodeURIComponent(await readFile(file, 'utf8'))}`);
const samples = given.map((one) => one.split('='));
for (const [name, bytes] of samples) assert.equal(await formatOf(new Blob([Buffer.from(bytes, 'hex')])), name, bytes);
assert.deepEqual([...FORMATS].sort(), [...new Set(samples.map(([name]) => name))].sort());
assert.equal(await formatOf(new Blob(['%PDF-1.7'])), undefined);
