define('WAWebSocketModel', (require) => {
  const { Model } = require('sandbox/model');

  class SocketModel extends Model {
    static defaults = () => ({ state: 'UNLAUNCHED', stream: 'DISCONNECTED', hasSynced: false, canSend: false });

    logout() {
      return this.actions.logout();
    }

    takeover() {
      this.actions.takeover();
    }

    reconnect() {
      this.actions.reconnect();
    }
  }

  return { Socket: new SocketModel() };
});

define('WAWebStreamModel', (require) => {
  const { Model } = require('sandbox/model');

  class StreamModel extends Model {
    static defaults = () => ({ mode: 'SYNCING', info: 'NORMAL', displayInfo: 'NORMAL', available: false });

    markAvailable() {
      this.available = true;
    }

    markUnavailable() {
      this.available = false;
    }
  }

  return { Stream: new StreamModel() };
});

define('WAWebConnModel', (require) => {
  const { Model } = require('sandbox/model');

  class ConnModel extends Model {
    static defaults = () => ({
      connected: false,
      platform: 'android',
      ref: undefined,
      battery: undefined,
      plugged: undefined,
    });

    canSetMyPushname() {
      return true;
    }
  }

  return { Conn: new ConnModel() };
});

define('WAWebLaunchSocketUtils', (require) => ({ refreshQR: () => require('sandbox/linking').refreshQr() }));
