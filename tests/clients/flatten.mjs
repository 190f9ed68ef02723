// Flattens JSON-LD bodies, one a line, as jsonld.js does; nothing is fetched.
//
//   node flatten.mjs
//
// Each line holds a body with its address, the context in force, and the contexts that it may name, by address. It is
// answered by a line: the nodes of the flattened form, or the error.

import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import jsonld from 'jsonld';

// A context is kept by its address, and that of Hydra is another for each operation.
const ContextResolver = createRequire(import.meta.url)('./node_modules/jsonld/lib/ContextResolver.js');

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const given = JSON.parse(line);
  let answer;
  try {
    const { body, base, expandContext, library } = given;
    const documentLoader = async (url) => {
      if (!(url in library)) throw new Error(`${url} is not known`);
      return { contextUrl: null, documentUrl: url, document: library[url] };
    };
    const contextResolver = new ContextResolver({ sharedCache: new Map() });
    const options = { base, expandContext, documentLoader, processingMode: 'json-ld-1.1', contextResolver };
    answer = { nodes: await jsonld.flatten(body, null, options) };
  } catch (error) {
    answer = { error: `${error.message} ${error.details?.code ?? ''}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
