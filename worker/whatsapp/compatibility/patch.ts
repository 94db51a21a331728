/**
 * A change that the library needs to work with some builds of WhatsApp Web. One file a patch; the registry in
 * `index.ts` applies them in order. A patch looks at the page rather than at a version number, and does nothing
 * where it isn't needed.
 */
export interface CompatibilityPatch {
  readonly name: string;
  /** Why the library needs it. */
  readonly reason: string;
  /** The builds of WhatsApp Web that it is for. */
  readonly builds: string;
  /** Runs in the page, before the library is injected; says whether it changed anything. Must be idempotent. */
  readonly beforeInjection?: () => boolean;
}
