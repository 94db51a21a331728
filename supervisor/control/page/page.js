// The page for people: each account in a sentence, its QR code, and what can be asked for. Everything that comes from
// elsewhere goes into the page as text.

const tokenKey = 'wasup-token';
/** Between tries to hear from wasup again. */
const retryDelayMs = 2000;
/** wasup says something every 15 s. */
const silenceTimeoutMs = 40_000;

const byId = (id) => document.getElementById(id);
const sections = new Map();

takeTokenFromAddress();
byId('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(tokenKey, byId('token').value.trim());
  byId('token').value = '';
  byId('token-form').hidden = true;
  void follow();
});
void follow();

/** A link can bring the token along: what follows # is not sent anywhere. It doesn't stay in the address. */
function takeTokenFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return;
  sessionStorage.setItem(tokenKey, token);
  history.replaceState(null, '', location.pathname);
}

/** Hears of what happens, until the token turns out to be wrong. */
async function follow() {
  for (;;) {
    const status = await listen().catch(() => undefined);
    if (status === 401) {
      askForToken();
      return;
    }
    byId('connection').textContent = 'wasup does not answer; trying again…';
    await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
  }
}

function askForToken() {
  const isWrong = sessionStorage.getItem(tokenKey) !== null;
  sessionStorage.removeItem(tokenKey);
  byId('connection').textContent = isWrong ? 'That token is wrong.' : 'The token is needed.';
  byId('token-form').hidden = false;
  for (const number of [...sections.keys()]) remove(number);
  byId('token').focus();
}

/** Resolves when the stream of events has ended, with the status that it began with. */
async function listen() {
  const stop = new AbortController();
  const response = await ask('/api/events', { signal: stop.signal });
  if (!response.ok) return response.status;
  byId('connection').textContent = 'Live.';
  // It begins with all accounts that there are; what we know of others is old.
  for (const number of [...sections.keys()]) remove(number);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const silence = setTimeout(() => stop.abort(), silenceTimeoutMs);
    const { value, done } = await reader.read().finally(() => clearTimeout(silence));
    if (done) return response.status;
    text += value;
    const events = text.split('\n\n');
    text = events.pop();
    for (const event of events) {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(event) ?? [];
      if (name === 'account') show(JSON.parse(data));
      if (name === 'removed') remove(JSON.parse(data).number);
    }
  }
}

function show(view) {
  const section = sections.get(view.number) ?? add(view.number);
  section.element.className = view.state;
  say(section, '.sentence', view.sentence);
  say(section, '.reason', view.reason ?? '');
  say(section, '.action', view.userAction ?? '');
  say(section, '.facts', describeFacts(view));
  void showCode(section, view);
}

function describeFacts({ since, restarts, restoreMode, restoreDuration, lastMessageAt, nextAttemptAt }) {
  const time = (text) => new Date(text).toLocaleString();
  const facts = [`Since ${time(since)}`, `${restarts} restarts`];
  if (restoreMode !== null) facts.push(`last came up ${restoreMode} in ${(restoreDuration / 1000).toFixed(1)} s`);
  if (lastMessageAt !== null) facts.push(`last message ${time(lastMessageAt)}`);
  if (nextAttemptAt !== null) facts.push(`next attempt ${time(nextAttemptAt)}`);
  return `${facts.join(' · ')}.`;
}

function add(number) {
  const element = byId('account').content.firstElementChild.cloneNode(true);
  const section = { number, element, codeSequence: undefined, picture: undefined };
  say(section, 'h2', `+${number}`);
  for (const button of element.querySelectorAll('button')) {
    button.addEventListener('click', () => void request(section, button.name));
  }
  sections.set(number, section);
  byId('accounts').append(element);
  return section;
}

function remove(number) {
  const section = sections.get(number);
  if (section === undefined) return;
  hidePicture(section);
  section.element.remove();
  sections.delete(number);
}

/** The picture of the code that is good now, fetched with the token, once for each code. */
async function showCode(section, { linkCode }) {
  const sequence = linkCode?.method === 'qr' ? `${linkCode.sequence} ${linkCode.expiresAt}` : undefined;
  if (sequence === section.codeSequence) return;
  section.codeSequence = sequence;
  if (sequence === undefined) {
    hidePicture(section);
    return;
  }
  const response = await ask(`/api/accounts/${section.number}/qr.svg`).catch(() => undefined);
  const blob = response?.ok ? await response.blob().catch(() => undefined) : undefined;
  if (section.codeSequence !== sequence) return;
  hidePicture(section);
  if (blob === undefined) {
    section.codeSequence = undefined;
    return;
  }
  section.picture = URL.createObjectURL(blob);
  const image = section.element.querySelector('img');
  image.src = section.picture;
  image.hidden = false;
}

function hidePicture(section) {
  const image = section.element.querySelector('img');
  image.hidden = true;
  image.removeAttribute('src');
  if (section.picture !== undefined) URL.revokeObjectURL(section.picture);
  section.picture = undefined;
}

async function request(section, what) {
  const question = `Unlink +${section.number}? WhatsApp forgets this device, and somebody has to link it again with the phone.`;
  if (what === 'unlink' && !confirm(question)) return;
  const buttons = section.element.querySelectorAll('button');
  for (const button of buttons) button.disabled = true;
  try {
    const response = await ask(`/api/accounts/${section.number}/${what}`, { method: 'POST' });
    const { sentence, error, action } = await response.json();
    tell([sentence ?? error, action].filter((part) => typeof part === 'string').join(' '));
  } catch {
    tell('wasup does not answer.');
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

function ask(path, options = {}) {
  const token = sessionStorage.getItem(tokenKey);
  const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
  return fetch(path, { ...options, headers, cache: 'no-store' });
}

function say(section, selector, text) {
  section.element.querySelector(selector).textContent = text;
}

function tell(text) {
  byId('answer').textContent = text;
  byId('answer').hidden = false;
}
