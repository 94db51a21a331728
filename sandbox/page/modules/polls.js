define('sandbox/polls', (require) => {
  const connection = require('sandbox/connection');
  const store = require('sandbox/store');
  const MsgKey = require('WAWebMsgKey');
  const { createWid } = require('WAWebWidFactory');
  const find = async (id) => (await require('WAWebCollections').Msg.getMessagesById([id])).messages[0];

  /** The newest vote of each voter, kept with the poll. */
  async function receive(vote, fresh) {
    const poll = await find(vote.parent);
    if (!poll) return;
    const others = (poll.pollVotesSnapshot ?? []).filter(({ from }) => from !== vote.from);
    await store.change(poll, { pollVotesSnapshot: [...others, vote] });
    if (!fresh) return;
    const { pollVoteTableMode } = require('WAWebAddonPollVoteTableMode');
    await pollVoteTableMode.bulkUpsert([
      {
        id: MsgKey.fromString(vote.id),
        pollUpdateParentKey: MsgKey.fromString(vote.parent),
        from: createWid(vote.from),
        t: vote.t * 1000,
        senderTimestampMs: vote.t * 1000,
        selectedOptionLocalIds: vote.optionIds,
      },
    ]);
  }

  async function send(poll, localIds) {
    const me = require('WAWebUserPrefsMeUser').getMeUser();
    const id = new MsgKey({ fromMe: true, remote: poll.id.remote, id: await MsgKey.newId() }).toString();
    const t = Math.floor(Date.now() / 1000);
    const vote = { id, parent: poll.id.toString(), from: me.toString(), optionIds: [...localIds], t };
    await connection.request('sendVote', vote);
    await receive(vote, true);
  }

  return { find, receive, send };
});

define('WAWebAddonPollVoteTableMode', () => ({ pollVoteTableMode: { bulkUpsert: async () => undefined } }));
define('WAWebPollsSendVoteMsgAction', (require) => ({ sendVote: require('sandbox/polls').send }));

define('WAWebPollsVotesSchema', (require) => ({
  getTable: () => ({
    async equals(_columns, parentKey) {
      const poll = await require('sandbox/polls').find(parentKey);
      return (poll?.pollVotesSnapshot ?? []).map(({ from, optionIds, parent, t }) => ({
        parentMsgKey: parent,
        sender: from,
        selectedOptionLocalIds: optionIds,
        senderTimestampMs: t * 1000,
      }));
    },
  }),
}));
