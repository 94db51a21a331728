import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify';

import { describeError } from '../../shared/errors.js';
import { redact } from '../../shared/secrets.js';
import { refuse } from './answers.js';
import type { ControlledSupervisor } from './controlled.js';
import { type Caller, hasToken, refuseStranger, type TcpDoor, tokenMissing } from './guard.js';
import { addAccountRoutes } from './routes/accounts.js';
import { addEventRoutes } from './routes/events.js';
import { addHealthRoutes } from './routes/health.js';
import { addPageRoutes, pagePaths } from './routes/page.js';
import { addRequestRoutes } from './routes/requests.js';

export interface ControlApiOptions {
  readonly supervisor: ControlledSupervisor;
  /** The metrics, as Prometheus reads them. */
  readonly renderMetrics: () => Promise<string>;
  /** Undefined for the socket, where the file system has seen to who may connect. */
  readonly door?: TcpDoor;
  /** Milliseconds between signs of life to who listens for events. Default: 15000. */
  readonly eventHeartbeatMs?: number;
}

/** Nothing that is said here needs more. */
const bodyLimitBytes = 16 * 1024;
const openPaths = new Set(['/healthz', '/readyz', ...pagePaths]);

/**
 * Routes check what they are given by themselves. Fastify's own compilers take 80 ms to load, with the first request, in which no bot would
 * hear a word.
 */
const noCompilers = { buildValidator: refuseToCompile, buildSerializer: refuseToCompile };

function refuseToCompile(): never {
  throw new Error('the routes of the control API have no JSON schemas; use parseInput');
}

/** What can be asked of a running supervisor, over HTTP. Errors are `{error, action}`: what is wrong, and what to do. */
export function createControlApi(options: ControlApiOptions): FastifyInstance {
  const { door } = options;
  const api = fastify({
    logger: false,
    bodyLimit: bodyLimitBytes,
    schemaController: { compilersFactory: noCompilers },
  });
  api.removeContentTypeParser('text/plain');
  const routes = new Map<string, string[]>();
  api.addHook('onRoute', ({ method, url }) => {
    routes.set(url, [...(routes.get(url) ?? []), ...[method].flat()]);
  });
  api.addHook('onRequest', async (request, reply) => {
    // Answers are of this moment, for this caller, and are no pages.
    reply.headers({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    });
    if (door === undefined) return undefined;
    const caller = callerOf(request);
    const refusal =
      refuseStranger(caller, door) ?? (isOpen(request) || hasToken(caller, door) ? undefined : tokenMissing);
    if (refusal === undefined) return undefined;
    if (refusal.status === 401) reply.header('www-authenticate', 'Bearer realm="wasup"');
    return refuse(reply, refusal.status, refusal.error, refusal.action);
  });

  api.addHook('onSend', async (_request, _reply, payload) => (typeof payload === 'string' ? redact(payload) : payload));

  const isTrusted = (request: FastifyRequest): boolean => door === undefined || hasToken(callerOf(request), door);
  addHealthRoutes(api, options, isTrusted);
  addAccountRoutes(api, options);
  addRequestRoutes(api, options);
  addEventRoutes(api, options);
  addPageRoutes(api);

  api.setNotFoundHandler((request, reply) => {
    const path = request.url.replace(/\?.*$/s, '');
    const methods = [...routes].filter(([pattern]) => matches(pattern, path)).flatMap(([, allowed]) => allowed);
    if (methods.length === 0) {
      const known = [...routes].flatMap(([url, allowed]) =>
        allowed.filter((name) => name !== 'HEAD').map((name) => `${name} ${url}`),
      );
      return refuse(reply, 404, `There is no ${request.method} ${path}.`, `There is: ${known.join(', ')}.`);
    }
    reply.header('allow', methods.join(', '));
    return refuse(reply, 405, `${path} can't be asked with ${request.method}.`, `Ask with ${methods.join(' or ')}.`);
  });
  api.setErrorHandler((error, _request, reply) => {
    const status = statusOf(error);
    return refuse(reply, status, describeError(error), actionFor(status));
  });
  return api;
}

function callerOf({ headers: { host, origin, authorization } }: FastifyRequest): Caller {
  return { host, origin, authorization };
}

/** Judged by the route that was found, not by the text of the path: that can be written in more than one way. */
function isOpen(request: FastifyRequest): boolean {
  const route = request.routeOptions.url;
  if (route === undefined) return !request.url.startsWith('/api');
  return openPaths.has(route);
}

function matches(pattern: string, path: string): boolean {
  const parts = pattern.split('/');
  const given = path.split('/');
  return parts.length === given.length && parts.every((part, index) => part.startsWith(':') || part === given[index]);
}

/** Fastify's own errors (a body that is no JSON, or too long) bring their status. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : 500;
}

function actionFor(status: number): string {
  if (status === 413) return `Send ${bodyLimitBytes / 1024} kB at most.`;
  if (status === 415) return 'Send a JSON object, with Content-Type: application/json.';
  return status < 500 ? 'Send a JSON object.' : 'This is a bug of wasup; please report it.';
}
