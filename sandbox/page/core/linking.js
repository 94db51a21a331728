/* What an unlinked page asks of the server: fresh QR refs and pairing codes. */
define('sandbox/linking', () => {
  let connection;
  return {
    useSocket: (value) => (connection = value),
    refreshQr: () => connection.send({ type: 'refresh-refs' }),
    requestPairingCode: (phoneNumber) => connection.request('requestPairingCode', { phoneNumber }),
  };
});
