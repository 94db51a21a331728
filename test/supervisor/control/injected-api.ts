import type { FastifyInstance, InjectOptions } from 'fastify';

import { createControlApi } from '../../../supervisor/control/control-api.js';
import type { ControlledSupervisor } from '../../../supervisor/control/controlled.js';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** The control API as the socket has it, asked without one. */
export class InjectedApi {
  readonly #api: FastifyInstance;

  constructor(supervisor: ControlledSupervisor) {
    this.#api = createControlApi({ supervisor, renderMetrics: () => Promise.resolve('wasup 1\n') });
  }

  /** @param body what is no text is sent as JSON. */
  async ask(method: InjectOptions['method'], url: string, body?: unknown, type = 'application/json'): Promise<Answer> {
    const payload = typeof body === 'string' ? body : JSON.stringify(body);
    const sent = body === undefined ? {} : { payload, headers: { 'content-type': type } };
    const response = await this.#api.inject({ method: method ?? 'GET', url, ...sent });
    const isJson = String(response.headers['content-type']).startsWith('application/json');
    return { status: response.statusCode, headers: response.headers, body: isJson ? response.json() : response.body };
  }

  close(): Promise<void> {
    return this.#api.close();
  }
}
