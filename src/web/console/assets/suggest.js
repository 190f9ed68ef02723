// What a link may lead to: the first page of a collection of that class, found by links from the resources above.
import { base, get, getLater, isGood } from './api.js';
import { searchOf } from './search.js';
import { nameOf } from './words.js';

const known = new Map();
/** Reads a resource once; what failed is read again when it is asked for again. */
const once = async (address) => {
  if (!known.has(address)) known.set(address, get(address, { quiet: true }));
  const exchange = await known.get(address).catch(() => undefined);
  if (!exchange || !isGood(exchange)) known.delete(address);
  return exchange ?? { status: 0 };
};

/** Returns those of the first page whose names hold what is typed; where there are none and more pages, those of that name. */
const named = async ({ doc }, list, typed) => {
  const members = doc?.member ?? [];
  const near = members.filter((one) => nameOf(one).toLowerCase().includes(typed.toLowerCase()));
  const search = doc && searchOf({ doc, url: list });
  if (near.length || !search?.has('name') || members.length >= doc.totalItems) return near;
  return (await getLater(search.expand({ name: typed }))).doc?.member ?? [];
};

/**
 * Returns some members of a class, at most one page of them, of `most`, and `named`, which finds those of a name; none where no
 * link leads to such a collection.
 */
export const suggest = async (of, { url, vocabulary }, most = 25) => {
  const path = new URL(url, location.href).href.slice(base.length).split(/[?#]/)[0].split('/').filter(Boolean);
  for (const above of [`${base}/${path.slice(0, 2).join('/')}`, `${base}/`]) {
    const exchange = await once(above);
    if (!isGood(exchange) || !exchange.doc) continue;
    for (const property of vocabulary.class(exchange.doc['@type']).properties.values()) {
      const leads = property.classes.some((name) => vocabulary.class(name).manages === of);
      if (!leads || typeof exchange.doc[property.name] !== 'string') continue;
      const list = `${exchange.doc[property.name]}?pageSize=${most}`;
      const found = await getLater(list);
      return { members: found.doc?.member ?? [], named: (typed) => named(found, list, typed) };
    }
  }
  return { members: [], named: async () => [] };
};
