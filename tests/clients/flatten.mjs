// Flattens JSON-LD bodies, one a line, as jsonld.js does; nothing is fetched.
//
//   node flatten.mjs
//
// The first line holds the contexts by address; every other one a body with its address and the context in force.
// Each is answered by a line: the nodes of the flattened form, or the error.

import { createInterface } from 'node:readline';
import jsonld from 'jsonld';

let contexts;
const documentLoader = async (url) => {
  if (!(url in contexts)) throw new Error(`${url} is not known`);
  return { contextUrl: null, documentUrl: url, document: contexts[url] };
};

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const given = JSON.parse(line);
  if (contexts === undefined) {
    contexts = given;
    continue;
  }
  let answer;
  try {
    const { body, base, expandContext } = given;
    const options = { base, expandContext, documentLoader, processingMode: 'json-ld-1.1' };
    answer = { nodes: await jsonld.flatten(body, null, options) };
  } catch (error) {
    answer = { error: `${error.message} ${error.details?.code ?? ''}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
