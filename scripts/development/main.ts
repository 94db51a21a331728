// `npm run dev`: keeps a supervisor running from the sources, and starts it anew when its own have changed. Workers it replaces itself.
import { Development } from './development.js';

const development = new Development(process.argv.slice(2));
process.exitCode = await development.ended;
