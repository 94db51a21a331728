define('sandbox/message-collection', (require) => {
  const { Collection } = require('sandbox/collection');
  const { MsgModel } = require('sandbox/message-model');
  const moment = (message) => message.t * 1000 + (message.sequence ?? 0);

  /** A chat's messages, oldest first whatever the order in which they were loaded. */
  class MsgCollection extends Collection {
    constructor() {
      super(MsgModel);
    }

    getModelsArray() {
      return super.getModelsArray().sort((one, other) => moment(one) - moment(other));
    }
  }

  return { MsgCollection };
});
