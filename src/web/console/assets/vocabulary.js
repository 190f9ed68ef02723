// What the service says about itself: classes, properties, operations. It is read once a page, from where the Link header leads.

const PREFIXES = {
  hydra: 'http://www.w3.org/ns/hydra/core#', rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
  rdfs: 'http://www.w3.org/2000/01/rdf-schema#', xsd: 'http://www.w3.org/2001/XMLSchema#', owl: 'http://www.w3.org/2002/07/owl#',
};

/** Returns the last part of an IRI or a compact one: `Space` of `vocab:Space`. */
export const short = (iri) => `${iri?.['@id'] ?? iri ?? ''}`.replace(/^.*[#:/]/, '');

/** Returns an IRI with the prefix that names its vocabulary: `xsd:integer`. */
export const compact = (iri) => {
  const whole = `${iri?.['@id'] ?? iri ?? ''}`;
  const known = Object.entries(PREFIXES).find(([, start]) => whole.startsWith(start));
  return known ? `${known[0]}:${whole.slice(known[1].length)}` : whole;
};

const listOf = (value) => (value === undefined || value === null ? [] : [value].flat());
const NOTHING = ['owl:Nothing', PREFIXES.owl + 'Nothing', ''];
const classNamed = (iri) => (NOTHING.includes(compact(iri)) ? undefined : short(iri));

/** Returns an operation as the console uses it; inline ones have Hydra's prefix. */
export const operationOf = (node) => {
  const said = (term) => node[term] ?? node[`hydra:${term}`];
  return {
    id: node['@id'],
    method: said('method'),
    title: said('title') ?? node.label ?? said('method'),
    description: said('description'),
    expects: classNamed(said('expects')),
    returns: classNamed(said('returns')),
    statuses: listOf(said('possibleStatus')),
    headers: listOf(said('expectsHeader')),
  };
};

const propertyOf = (supported) => {
  const property = supported.property ?? {};
  const range = listOf(property.range).map(compact);
  const isLink = listOf(property['@type']).some((type) => short(type) === 'Link');
  return {
    id: property['@id'],
    name: supported.title ?? short(property['@id']),
    description: supported.description ?? property.description,
    range,
    classes: range.filter((name) => !/^(xsd|rdf|rdfs|owl|hydra):/.test(name)).map(short),
    isLink,
    isCollection: range.includes('hydra:Collection'),
    required: supported.required === true,
    readable: supported.readable !== false && supported.writeonly !== true,
    writable: (supported.writable ?? supported.writeable) !== false && supported.readonly !== true,
    many: property.maxCardinality === undefined,
    example: property.example,
    operations: listOf(property.supportedOperation).map(operationOf),
  };
};

const classFrom = (node) => ({
  id: node['@id'],
  name: short(node['@id']),
  title: node.title ?? node.label ?? short(node['@id']),
  description: node.description,
  parent: node.subClassOf && compact(node.subClassOf),
  properties: new Map(listOf(node.supportedProperty).map(propertyOf).map((p) => [p.name, p])),
  operations: listOf(node.supportedOperation).map(operationOf),
  manages: short(listOf(node.manages ?? node.memberAssertion)[0]?.object),
});

/** What is known of a service. It is empty until it is read, and stays so where that fails. */
export class Vocabulary {
  classes = new Map();

  variables = new Map();

  constructor(address) {
    this.address = address;
  }

  /** Reads the documentation; a class or an operation that is missing or odd is no fault. */
  read(doc) {
    this.doc = doc;
    for (const node of listOf(doc?.supportedClass)) {
      const found = classFrom(node);
      if (found.name) this.classes.set(found.name, found);
    }
    for (const node of listOf(doc?.defines)) this.variables.set(short(node['@id']), node);
    return this;
  }

  /** Returns a class by its name; one that is not described has no properties and no operations. */
  class(name) {
    return this.classes.get(name) ?? {
      name, title: name, properties: new Map(), operations: [], manages: undefined, isUnknown: true,
    };
  }

  /** Returns a property of a class, or of a class above it. */
  property(className, name) {
    const seen = new Set();
    for (let at = className; at && !seen.has(at); at = short(this.classes.get(at)?.parent)) {
      seen.add(at);
      const found = this.classes.get(at)?.properties.get(name);
      if (found) return found;
    }
    return undefined;
  }

  /** Returns whether a class is another one, or below it. */
  is(className, other) {
    const seen = new Set();
    for (let at = className; at && !seen.has(at); at = short(this.classes.get(at)?.parent)) {
      if (at === other) return true;
      seen.add(at);
    }
    return false;
  }

  /** Returns the address at which something is explained. */
  explained(id) {
    return id ? `${this.address}#${`${id}`.replace(/^vocab:/, '').replace(/^.*#/, '')}` : undefined;
  }

  /** Returns what a query variable means, if that is said anywhere. */
  variable(name, className) {
    return this.property(className, name)?.description ?? this.variables.get(name)?.description;
  }
}
