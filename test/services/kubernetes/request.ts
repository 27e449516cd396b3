/** What a request asks for: the URL's path and query in the API's own terms (verb, resource, namespace, name). */
import { badRequest, StatusError } from './status.js';
import { RESOURCES, type Resource, type Subresource } from './resources.js';
import { parseSelector, type Selector } from './selector.js';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

export interface ApiRequest {
  verb: Verb;
  resource: Resource;
  namespace?: string;
  /** The object's name; absent for a collection. */
  name?: string;
  subresource?: Subresource;
  query: URLSearchParams;
  selector: Selector;
}

/** The request for a resource, or undefined when the path is not one of a resource (discovery, version). */
export function parseRequest(method: string, url: URL): ApiRequest | undefined {
  const [root, ...rest] = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
  if (root !== 'api' && root !== 'apis') return undefined;
  const group = root === 'api' ? '' : rest.shift();
  const version = rest.shift();
  if (rest.length === 0) return undefined;

  // `namespaces/NS` is a scope when a resource follows, and otherwise an object itself.
  const namespace = rest[0] === 'namespaces' && rest.length > 2 ? rest.splice(0, 2)[1] : undefined;
  const [plural, name, subresource, ...tooMuch] = rest;
  const resource = RESOURCES.find((served) => served.name === plural && served.group === group && served.version === version);
  if (resource === undefined || tooMuch.length > 0) throw noSuchPath();
  const known = resource.subresources.find((candidate) => candidate === subresource);
  if (subresource !== undefined && known === undefined) throw noSuchPath();

  const query = url.searchParams;
  const selector = parseSelector(query.get('labelSelector') ?? '', query.get('fieldSelector') ?? '');
  return {
    verb: verbOf(method, name, query),
    resource,
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    ...(known !== undefined && { subresource: known }),
    query,
    selector,
  };
}

export function noSuchPath(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource');
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): Verb {
  switch (method) {
    case 'GET':
      if (query.get('watch') === 'true' || query.get('watch') === '1') return 'watch';
      return name === undefined ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return 'delete';
    default:
      throw badRequest(`unsupported method ${method}`);
  }
}
