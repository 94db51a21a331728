define('WAWebOfflineHandler', () => {
  let progress = 0;
  return {
    OfflineMessageHandler: {
      getOfflineDeliveryProgress: () => progress,
      setOfflineDeliveryProgress: (percent) => (progress = percent),
    },
  };
});

define('WAWebSyncGatingUtils', () => ({ isPlaceholderMessageResendEnabled: () => false }));

define('WAWebNonMessageDataRequestPlaceholderMessageResendUtils', () => ({
  handlePlaceholderMsgsSeen: async () => undefined,
}));

/* The time of the server, by which it dates messages. */
define('WATimeUtils', () => {
  let skewSeconds = 0;
  const unixTime = () => Math.floor(Date.now() / 1000 - skewSeconds);
  return {
    unixTime,
    unixTimeMs: () => Date.now() - skewSeconds * 1000,
    setClockSkew: (seconds) => (skewSeconds = seconds),
  };
});
