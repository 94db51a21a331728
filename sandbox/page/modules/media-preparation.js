/* The way of a file before its upload, as far as a library walks it. */
define('WAWebMediaOpaqueData', () => {
  class OpaqueData {
    constructor(blob, mimetype) {
      this.blob = blob;
      this.type = mimetype;
      this.size = blob.size;
    }

    static async createFromData(data, mimetype) {
      return new OpaqueData(data instanceof OpaqueData ? data.blob : data, mimetype);
    }

    url() {
      return URL.createObjectURL(this.blob);
    }

    autorelease() {}

    formData() {
      return this.blob;
    }
  }

  return OpaqueData;
});

define('WAWebPrepRawMedia', (require) => {
  const { Model } = require('sandbox/model');
  const { hash } = require('sandbox/upload');

  class MediaData extends Model {
    static hidden = ['mediaBlob', 'renderableUrl'];
  }

  function typeOf({ type }, { asDocument, isPtt, asSticker }) {
    if (asDocument) return 'document';
    if (asSticker) return 'sticker';
    const family = type.split('/')[0];
    if (family === 'audio') return isPtt ? 'ptt' : 'audio';
    return ['image', 'video'].includes(family) ? family : 'document';
  }

  function prepRawMedia(opaque, parameters) {
    return {
      async waitForPrep() {
        const filehash = await hash(opaque.blob);
        const media = new MediaData({
          type: typeOf(opaque, parameters),
          mimetype: opaque.type,
          size: opaque.size,
          filename: opaque.blob.name,
          filehash,
          isGif: Boolean(parameters.asGif),
          mediaBlob: opaque,
        });
        require('WAWebMediaStorage').getOrCreateMediaObject(filehash).blob = opaque.blob;
        return media;
      },
    };
  }

  return { prepRawMedia };
});

define('WAWebMediaStorage', () => {
  const objects = new Map();

  function getOrCreateMediaObject(filehash) {
    if (!objects.has(filehash)) {
      const object = { filehash, contentInfo: {}, consolidate: (data) => Object.assign(object, data) };
      objects.set(filehash, object);
    }
    return objects.get(filehash);
  }

  return { getOrCreateMediaObject };
});

define('WAWebMmsMediaTypes', () => ({
  msgToMediaType: ({ type, isGif }) => (isGif ? 'gif' : type),
  castToV4: (type) => type,
}));

define('WAWebMediaDataUtils', () => ({ shouldUseMediaCache: () => false }));
define('WAWebMediaInMemoryBlobCache', () => ({ InMemoryMediaBlobCache: { put: () => undefined } }));

define('WAWebImageUtils', () => ({
  async toWebpSticker(file) {
    const bitmap = await createImageBitmap(file);
    const canvas = new OffscreenCanvas(512, 512);
    canvas.getContext('2d').drawImage(bitmap, 0, 0, 512, 512);
    return canvas.convertToBlob({ type: 'image/webp' });
  },
}));
