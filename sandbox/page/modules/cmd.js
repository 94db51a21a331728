/* WhatsApp's bus between its interface and its workers. The commands that a library calls live in `sandbox/commands`. */
define('WAWebCmd', (require) => {
  const { Events } = require('sandbox/events');

  class CmdBus extends Events {
    refreshQR() {
      require('sandbox/linking').refreshQr();
    }
  }

  const Cmd = new CmdBus();
  for (const name of [
    'archiveChat',
    'pinChat',
    'markChatUnread',
    'sendRevokeMsgs',
    'sendDeleteMsgs',
    'sendStarMsgs',
    'sendUnstarMsgs',
  ]) {
    Cmd[name] = (...args) => require('sandbox/commands')[name](...args);
  }
  for (const name of ['openChatBottom', 'openDrawerMid', 'chatSearch', 'openChatAt', 'msgInfoDrawer']) {
    Cmd[name] = async () => true;
  }
  return { Cmd };
});
