/**
 * The descriptor of a worker at which it writes its log; the supervisor reads it. So nothing that the bot prints, or has printed in its name
 * by a message, can be taken for a line of wasup.
 */
export const logDescriptor = 5;
