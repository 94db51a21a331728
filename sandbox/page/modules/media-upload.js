define('sandbox/upload', (require) => {
  const { encode } = require('sandbox/identity');

  async function hash(blob) {
    return encode(new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer())));
  }

  /** Stores the bytes at the server; the answer has what WhatsApp's media servers tell about an upload. */
  async function upload(blob) {
    const response = await fetch('/media', { method: 'POST', body: blob });
    if (!response.ok) throw new Error(`The upload was refused: ${await response.text()}`);
    const { directPath } = await response.json();
    const filehash = await hash(blob);
    return {
      url: `https://mmg.whatsapp.net${directPath}`,
      mmsUrl: `https://mmg.whatsapp.net${directPath}`,
      deprecatedMms3Url: `https://mmg.whatsapp.net${directPath}`,
      directPath,
      mediaKey: encode(crypto.getRandomValues(new Uint8Array(32))),
      mediaKeyTimestamp: Math.floor(Date.now() / 1000),
      filehash,
      encFilehash: filehash,
      uploadHash: filehash,
    };
  }

  return { hash, upload };
});

define('WAWebMediaMmsV4Upload', (require) => {
  const { upload } = require('sandbox/upload');
  const uploadMedia = async ({ mediaObject }) => ({ mediaEntry: await upload(mediaObject.blob) });
  return { uploadMedia, uploadUnencryptedMedia: uploadMedia };
});

define('WAWebUploadManager', (require) => ({
  encryptAndUpload: async ({ blob }) => ({ ...(await require('sandbox/upload').upload(blob)), mimetype: blob.type }),
}));

define('WAWebStartMediaUploadQpl', () => ({ startMediaUploadQpl: () => ({}) }));
