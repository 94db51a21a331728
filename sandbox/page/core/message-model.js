define('sandbox/message-model', (require) => {
  const { Model } = require('sandbox/model');

  class MsgModel extends Model {
    static hidden = ['local', 'mediaBlob', 'mediaData', 'mediaObject'];
    static defaults = () => ({
      ack: 0,
      body: '',
      star: false,
      isNewMsg: false,
      isForwarded: false,
      hasReaction: false,
      broadcast: false,
      mentionedJidList: [],
      groupMentions: [],
      isEphemeral: false,
      isStatusV3: false,
    });
    #mediaStage = 'NEED_POKE';

    get isNotification() {
      return ['gp2', 'e2e_notification', 'notification_template'].includes(this.type);
    }

    get isMedia() {
      return Boolean(this.directPath);
    }

    get mediaData() {
      return this.isMedia ? { mediaStage: this.#mediaStage, type: this.type, mimetype: this.mimetype } : undefined;
    }

    get mediaObject() {
      return this.isMedia ? { filehash: this.filehash, type: this.type } : undefined;
    }

    async downloadMedia() {
      await require('WAWebDownloadManager')
        .downloadManager.downloadAndMaybeDecrypt(this)
        .then(
          () => (this.#mediaStage = 'RESOLVED'),
          () => (this.#mediaStage = 'ERROR_MISSING'),
        );
    }

    canReply() {
      return require('WAWebMsgReply').canReplyMsg(this);
    }

    /** What an answer carries along about the message that it quotes. */
    msgContextInfo(chat) {
      const { body, type, caption, mimetype, filename, lat, lng, loc } = this;
      const sender = this.author ?? this.from;
      return {
        quotedMsg: JSON.parse(JSON.stringify({ body, type, caption, mimetype, filename, lat, lng, loc })),
        quotedStanzaID: this.id.id,
        quotedParticipant: sender,
        ...(String(chat.id) !== String(this.id.remote) && { quotedRemoteJid: this.id.remote }),
      };
    }

    updateAck(ack) {
      if (ack > this.ack) this.ack = ack;
    }

    avParams() {
      const { type, mimetype, size, filehash, directPath, mediaKey } = this;
      return { type, mimetype, size, filehash, directPath, mediaKey };
    }
  }

  return { MsgModel };
});
