// Tells whoever measures of each message, over the socket that the environment names: for wasup a bot, for the plain library a listener. On
// `!stamp` it has the page note from then on when it tells of a message, in the message itself, and compares the page's clock with this one.
import { connect } from 'node:net';

const looks = 50;
let socket;

export default {
  async onMessage(message, context) {
    // With the plain library there is no context.
    if (process.env.BENCH_ANSWERS !== undefined) await (context?.reply ?? message.reply.bind(message))('answer');
    const handledAt = now();
    const { body, rawData, client } = message;
    if (body === '!stamp') tell({ body, looks: await stamp(client.pupPage) });
    else tell({ body, calledAt: rawData.calledAt, handledAt });
  },
};

async function stamp(page) {
  await page.evaluate(() => {
    const hand = window.onAddMessageEvent;
    window.onAddMessageEvent = (model) => hand({ ...model, calledAt: performance.timeOrigin + performance.now() });
  });
  const seen = [];
  for (let look = 0; look < looks; look += 1) {
    const before = now();
    const between = await page.evaluate(() => performance.timeOrigin + performance.now());
    seen.push({ before, page: between, after: now() });
  }
  return seen;
}

function tell(record) {
  socket ??= connect(process.env.BENCH_HANDLED_SOCKET).unref();
  socket.write(`${JSON.stringify(record)}\n`);
}

function now() {
  return performance.timeOrigin + performance.now();
}
