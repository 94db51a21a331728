/* What a library reads to draw the QR code, and the way to a pairing code. */
define('WABase64', (require) => {
  const { encode, decode } = require('sandbox/identity');
  return { encodeB64: (bytes) => encode(new Uint8Array(bytes)), decodeB64: decode };
});

define('WAWebSignalStoreApi', (require) => {
  const { registration, decode } = require('sandbox/identity');
  const waSignalStore = {
    getRegistrationInfo: async () => {
      const { identityKeyPair, registrationId } = registration();
      return { registrationId, identityKeyPair: { pubKey: decode(identityKeyPair.pubKey).buffer } };
    },
  };
  return { waSignalStore };
});

define('WAWebUserPrefsInfoStore', (require) => {
  const { registration, decode } = require('sandbox/identity');
  const waNoiseInfo = {
    get: async () => ({ staticKeyPair: { pubKey: decode(registration().noiseKeyPair.pubKey).buffer } }),
  };
  return { waNoiseInfo };
});

define('WAWebUserPrefsMultiDevice', (require) => ({ getADVSecretKey: () => require('sandbox/identity').advSecret() }));
define('WAWebCompanionRegClientUtils', () => ({ DEVICE_PLATFORM: '1' }));
define('WAWebAdvSignatureApi', () => ({}));
define('WAWebMiscBrowserUtils', () => ({ info: () => ({ name: 'Chrome', os: 'Linux', version: '1' }) }));

define('WAWebAltDeviceLinkingApi', (require) => {
  const linking = require('sandbox/linking');
  return {
    setPairingType: () => undefined,
    initializeAltDeviceLinking: async () => undefined,
    initializeQRLinking: async () => undefined,
    startAltLinkingFlow: async (phoneNumber) => (await linking.requestPairingCode(String(phoneNumber))).code,
  };
});
