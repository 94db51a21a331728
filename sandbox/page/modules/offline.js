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
