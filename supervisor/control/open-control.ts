import type { RequestListener } from 'node:http';

import type { FastifyInstance } from 'fastify';

import { describeError } from '../../shared/errors.js';
import type { Configuration } from '../../shared/configuration/compile-configuration.js';
import type { Logger } from '../../shared/logger.js';
import { keepSecret } from '../../shared/secrets.js';
import type { ClaimedFolder } from './claim-sessions-folder.js';
import type { ControlledSupervisor } from './controlled.js';
import type { TcpDoor } from './guard.js';
import { httpTokenPath, keepHttpToken } from './http-token.js';
import type { Metrics } from './metrics/metrics.js';
import { SupervisorCounters } from './metrics/supervisor-counters.js';
import { openTcpDoor } from './tcp-door.js';

export interface OpenControl {
  /** Of the page; undefined where the port could not be had. */
  readonly url: string | undefined;
  /** Resolves when nobody is served any more. The folder stays claimed. */
  close(): Promise<void>;
}

/**
 * Lets people and their tools speak to this supervisor: at the socket of its folder, and on HTTP with a token. Counts
 * from now on what the metrics tell; the libraries behind it are loaded when somebody asks for the first time, so that it
 * costs a start nothing. Never rejects: what can't be opened is told in one warning.
 */
export async function openControl(
  supervisor: ControlledSupervisor,
  claimed: Pick<ClaimedFolder, 'serve'>,
  { http, sessionsDirectory }: Pick<Configuration, 'http' | 'sessionsDirectory'>,
  log: Logger,
): Promise<OpenControl> {
  const counters = new SupervisorCounters(supervisor.events);
  let metrics: Promise<Metrics> | undefined;
  const renderMetrics = async (): Promise<string> => {
    metrics ??= import('./metrics/metrics.js').then((module) => new module.Metrics(supervisor, counters));
    return (await metrics).render();
  };
  const loaded: Promise<FastifyInstance>[] = [];
  const listenerFor = (door?: TcpDoor): RequestListener =>
    whenAsked(
      async () => {
        const { createControlApi } = await import('./control-api.js');
        const api = createControlApi({ supervisor, renderMetrics, ...(door && { door }) });
        await api.ready();
        return api;
      },
      (api) => loaded.push(api),
      log,
    );

  claimed.serve(listenerFor());
  const token = http.token ?? (await keepHttpToken(sessionsDirectory, log));
  keepSecret(token);
  const tokenHint = `token: ${http.token === undefined ? httpTokenPath(sessionsDirectory) : 'as configured'}`;
  const listener = listenerFor({ host: http.host, token });
  const door = await openTcpDoor({ ...http, listener, tokenHint, log });
  return {
    url: door?.url,
    close: async () => {
      const apis = await Promise.allSettled(loaded);
      await Promise.all(apis.map(async (api) => api.status === 'fulfilled' && (await api.value.close())));
      await door?.close();
    },
  };
}

/** Loads the API with the first request, and serves all with it. */
function whenAsked(
  load: () => Promise<FastifyInstance>,
  onLoad: (api: Promise<FastifyInstance>) => void,
  log: Logger,
): RequestListener {
  let api: Promise<FastifyInstance> | undefined;
  return (request, response) => {
    if (api === undefined) {
      api = load();
      onLoad(api);
    }
    api.then(
      (loaded) => loaded.routing(request, response),
      (error: unknown) => {
        log.error(`The control API can't be loaded (${describeError(error)}). Run \`npm ci\`; the bots go on.`);
        response.writeHead(500, { 'content-type': 'application/json; charset=utf-8' });
        response.end(JSON.stringify({ error: 'The control API can not be loaded.', action: 'Run `npm ci`.' }));
      },
    );
  };
}
