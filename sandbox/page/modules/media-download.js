/* Media travel in the clear between page and server; the fields of the encryption are there and mean nothing. */
define('WAWebDownloadManager', (require) => {
  const { ServerStatusCodeError } = require('sandbox/connection');
  return {
    downloadManager: {
      async downloadAndMaybeDecrypt({ directPath }) {
        const response = await fetch(directPath);
        if (response.ok) return response.arrayBuffer();
        throw new ServerStatusCodeError({ status: response.status, message: `media not found: ${directPath}` });
      },
    },
  };
});
