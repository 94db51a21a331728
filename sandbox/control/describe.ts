import type { Counters, PhoneStatus, Sandbox } from '../index.js';

export interface SandboxDescription {
  version: string;
  port: number;
  browserArguments: string[];
  counters: Counters;
  phones: PhoneStatus[];
  servedModules: string[];
  unknownModules: string[];
  pageErrors: string[];
}

export function describeSandbox(sandbox: Sandbox): SandboxDescription {
  const { version, port, browserArguments, counters, phones, servedModules, unknownModules, pageErrors } = sandbox;
  return {
    version,
    port,
    browserArguments,
    counters: { ...counters },
    phones: phones.map(({ status }) => status),
    servedModules,
    unknownModules,
    pageErrors,
  };
}
