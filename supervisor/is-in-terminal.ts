import { isatty } from 'node:tty';

/** SIGHUP says that the terminal is closed, where there is one: then nobody would see what goes on. Services mean a reload by it. */
export const isInTerminal = isatty(0) || isatty(1);
