/**
 * The text of a program that calls this function with these modules of Node. For a thread that has to start without loading
 * files: it takes neither time nor a loader. The function may use nothing from outside itself but globals.
 */
export function sourceOf(main: (...modules: never[]) => void, ...modules: string[]): string {
  const loaded = modules.map((module) => `require('node:${module}')`).join(', ');
  // esbuild, which tsx and test runners translate with, marks functions with a helper of that name.
  return `const __name = (value) => value; (${main.toString()})(${loaded});`;
}
