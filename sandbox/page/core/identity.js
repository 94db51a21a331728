/* The link lives in two halves, as in WhatsApp: keys and credentials in IndexedDB, the own number and the ADV secret in
   localStorage. A profile that lost either half is not linked. */
define('sandbox/identity', (require) => {
  const storage = require('sandbox/storage');
  const meKey = 'last-wid-md';
  const secretKey = 'WAWebAdvSecretKey';

  const randomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));
  const encode = (bytes) => btoa(String.fromCharCode(...bytes));
  const decode = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const keyPair = () => ({ pubKey: encode(randomBytes(32)), privKey: encode(randomBytes(32)) });
  const parse = (text) => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  };

  let registration;

  function me() {
    const wid = parse(localStorage.getItem(meKey));
    return typeof wid === 'string' ? wid : undefined;
  }

  async function load() {
    registration = await storage.readIdentity();
    if (registration?.credentials && me() && localStorage.getItem(secretKey)) return registration.credentials;
    await renew();
    return undefined;
  }

  async function renew() {
    localStorage.removeItem(meKey);
    localStorage.setItem(secretKey, JSON.stringify(encode(randomBytes(32))));
    registration = { identityKeyPair: keyPair(), noiseKeyPair: keyPair(), registrationId: randomBytes(2)[0] };
    await storage.writeIdentity(registration);
  }

  async function save(credentials, meWid) {
    registration = { ...registration, credentials };
    await storage.writeIdentity(registration);
    localStorage.setItem(meKey, JSON.stringify(meWid));
  }

  async function wipe() {
    localStorage.clear();
    await storage.wipe();
  }

  return {
    load,
    save,
    wipe,
    me,
    encode,
    decode,
    advSecret: () => parse(localStorage.getItem(secretKey)),
    publicKeys: () => ({
      noise: registration.noiseKeyPair.pubKey,
      identity: registration.identityKeyPair.pubKey,
      adv: parse(localStorage.getItem(secretKey)),
    }),
    registration: () => registration,
  };
});
