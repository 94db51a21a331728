import type { Sandbox } from '../index.js';
import type { ModuleConditions, NetworkConditions, PageLoadConditions } from '../conditions.js';

type SandboxAction = (sandbox: Sandbox, body: unknown) => unknown;

/** POST /<name>; the methods check what they are given. */
export const sandboxActions: Record<string, SandboxAction> = {
  network: (sandbox, body) => sandbox.network(body as NetworkConditions),
  'page-loads': (sandbox, body) => sandbox.pageLoads(body as PageLoadConditions),
  modules: (sandbox, body) => sandbox.modules(body as ModuleConditions),
};
