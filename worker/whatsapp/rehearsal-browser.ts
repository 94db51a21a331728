import type { ConnectionTransport } from 'puppeteer';

interface Command {
  readonly id: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly sessionId?: string;
}

type Say = (message: object) => void;

const frame = {
  id: 'page',
  loaderId: 'loader',
  url: 'https://web.whatsapp.com/',
  securityOrigin: '',
  mimeType: 'text/html',
};
const target = {
  targetId: 'page',
  type: 'page',
  title: '',
  url: frame.url,
  attached: true,
  browserContextId: 'context',
};

/**
 * A browser that isn't one: it gives the same few answers each time, so that puppeteer and the library go through with it what they do with
 * a real one when a page is taken over.
 *
 * @param evaluate the result of what is evaluated in the page, by its source.
 */
export function rehearsalBrowser(evaluate: (source: string) => unknown): ConnectionTransport {
  let sessions = 0;
  const say: Say = (message) => setImmediate(() => transport.onmessage?.(JSON.stringify(message)));
  const transport: ConnectionTransport = {
    send(message) {
      const command = JSON.parse(message) as Command;
      const result = answer(command) ?? {};
      say({ id: command.id, result, sessionId: command.sessionId });
    },
    close() {
      transport.onclose?.();
    },
  };
  return transport;

  function answer({ method, params, sessionId }: Command): object | undefined {
    switch (method) {
      case 'Target.getBrowserContexts':
        return { browserContextIds: [] };
      case 'Browser.getVersion':
        return { protocolVersion: '1.3', product: 'Chrome/1', revision: '', userAgent: '', jsVersion: '' };
      case 'Target.setDiscoverTargets':
        say({ method: 'Target.targetCreated', params: { targetInfo: target } });
        return undefined;
      case 'Target.setAutoAttach':
        return sessionId === undefined ? attach() : undefined;
      case 'Target.attachToTarget':
        return attach();
      case 'Page.getFrameTree':
        return { frameTree: { frame } };
      case 'Runtime.enable':
        return createContext({ id: 1, name: '', isDefault: true, sessionId });
      case 'Page.createIsolatedWorld':
        return createContext({ id: 2, name: params['worldName'], isDefault: false, sessionId });
      case 'Page.addScriptToEvaluateOnNewDocument':
        return { identifier: '1' };
      case 'Runtime.evaluate':
        return { result: { type: 'object', value: evaluate(String(params['expression'])) } };
      case 'Runtime.callFunctionOn':
        return { result: { type: 'object', value: evaluate(String(params['functionDeclaration'])) } };
      default:
        return undefined;
    }
  }

  function attach(): object {
    sessions += 1;
    const sessionId = `session-${sessions}`;
    say({ method: 'Target.attachedToTarget', params: { sessionId, targetInfo: target, waitingForDebugger: false } });
    return { sessionId };
  }

  function createContext(options: {
    id: number;
    name: unknown;
    isDefault: boolean;
    sessionId: string | undefined;
  }): object {
    const { id, name, isDefault, sessionId } = options;
    const auxData = { isDefault, type: isDefault ? 'default' : 'isolated', frameId: frame.id };
    const context = { id, origin: '', name, uniqueId: String(id), auxData };
    say({ method: 'Runtime.executionContextCreated', params: { context }, sessionId });
    return { executionContextId: id };
  }
}
