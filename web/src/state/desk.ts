import type { ShowState } from './reducer';
import type { Envelope } from './events';
import type { Message } from './types';

/** What the control panel reads: the chat as it came in, with hidden and held lines kept visible, and what happened around it. */
export interface Desk {
  lines: Line[];
  /** Waiting for a moderator, oldest first. */
  held: Message[];
}
export interface MessageLine {
  kind: 'message';
  id: string;
  at: string;
  message: Message;
}
export interface NoteLine {
  kind: 'note';
  id: string;
  at: string;
  icon: 'pin' | 'bag' | 'bolt' | 'play' | 'pause' | 'stop' | 'muted' | 'ban' | 'undo';
  who: string | null;
  text: string;
}
export type Line = MessageLine | NoteLine;

const MAX_LINES = 500;

export const EMPTY_DESK: Desk = { lines: [], held: [] };

const lineOf = (message: Message): MessageLine => ({ kind: 'message', id: message.id, at: message.at, message });

function upserted(lines: Line[], line: Line): Line[] {
  const at = lines.findIndex((other) => other.id === line.id);
  return at < 0 ? [...lines, line].slice(-MAX_LINES) : lines.with(at, line);
}

const withMessage = (desk: Desk, message: Message): Desk => ({ ...desk, lines: upserted(desk.lines, lineOf(message)) });

const withoutHeld = (desk: Desk, id: string): Desk => ({ ...desk, held: desk.held.filter((message) => message.id !== id) });

/** Change how one known message stands, for example after our own request was answered. */
export function marked(desk: Desk, id: string, state: Message['state']): Desk {
  const line = desk.lines.find((other) => other.id === id);
  const rest = state === 'held' ? desk : withoutHeld(desk, id);
  if (line?.kind !== 'message') return rest;
  return { ...rest, lines: upserted(rest.lines, lineOf({ ...line.message, state })) };
}

/** A fresh snapshot: what we know stays, what came meanwhile is added in order of time. */
export function joined(desk: Desk, messages: readonly Message[], held: readonly Message[]): Desk {
  const merged = [...messages, ...held].reduce(withMessage, desk);
  const lines = merged.lines.toSorted((a, b) => a.at.localeCompare(b.at));
  return { lines, held: [...held] };
}

const nameOf = (desk: Desk, show: ShowState, id: string): string => {
  const line = desk.lines.findLast((other) => other.kind === 'message' && other.message.author.id === id);
  return line?.kind === 'message' ? line.message.author.display_name : id === show.you.id ? show.you.display_name : 'A viewer';
};
const titleOf = (show: ShowState, id: string): string => show.lineup.find((product) => product.id === id)?.title ?? 'a product';

function noteOf(desk: Desk, show: ShowState, envelope: Envelope): Omit<NoteLine, 'kind' | 'id' | 'at'> | null {
  const isOver = (until: string | null): boolean => until !== null && until <= envelope.timestamp;
  switch (envelope.type) {
    case 'product.pinned': return { icon: 'pin', who: null, text: `${titleOf(show, envelope.data.product_id)} is on screen` };
    case 'product.unpinned': return { icon: 'pin', who: null, text: `${titleOf(show, envelope.data.product_id)} left the screen` };
    case 'order.placed': return { icon: 'bag', who: envelope.data.display_name ?? 'Somebody', text: `bought ${envelope.data.product.title}` };
    case 'sale.opened': return { icon: 'bolt', who: null, text: `Flash sale opened: ${titleOf(show, envelope.data.sale.product_id)}` };
    case 'sale.closed': return { icon: 'bolt', who: null, text: `Flash sale ended: ${titleOf(show, envelope.data.sale.product_id)}` };
    case 'show.started': return { icon: 'play', who: null, text: 'The show started' };
    case 'show.paused': return { icon: 'pause', who: null, text: 'The show is paused' };
    case 'show.resumed': return { icon: 'play', who: null, text: 'The show goes on' };
    case 'show.ended': return { icon: 'stop', who: null, text: 'The show ended' };
    case 'viewer.muted': return { icon: isOver(envelope.data.until) ? 'undo' : 'muted', who: nameOf(desk, show, envelope.data.viewer_id), text: isOver(envelope.data.until) ? 'may write again' : 'is muted' };
    case 'viewer.banned': return { icon: isOver(envelope.data.until) ? 'undo' : 'ban', who: nameOf(desk, show, envelope.data.viewer_id), text: isOver(envelope.data.until) ? 'may come back' : 'is banned' };
    default: return null;
  }
}

/** The desk after one event; safe to apply twice. */
export function told(desk: Desk, show: ShowState, envelope: Envelope): Desk {
  switch (envelope.type) {
    case 'chat.posted':
      return withoutHeld(withMessage(desk, envelope.data.message), envelope.data.message.id);
    case 'chat.held': {
      const { message } = envelope.data;
      const held = desk.held.some((other) => other.id === message.id) ? desk.held : [...desk.held, message];
      return { ...withMessage(desk, { ...message, state: 'held' }), held };
    }
    case 'chat.released': {
      // Decided by somebody of the team. If it was let through, `chat.posted` says so: before or after this.
      const line = desk.lines.find((other) => other.id === envelope.data.message_id);
      const isWaiting = line?.kind === 'message' && line.message.state === 'held';
      return isWaiting ? marked(desk, line.id, 'hidden') : withoutHeld(desk, envelope.data.message_id);
    }
    case 'chat.hidden':
      return marked(desk, envelope.data.message_id, 'hidden');
    default: {
      const note = noteOf(desk, show, envelope);
      return note ? { ...desk, lines: upserted(desk.lines, { kind: 'note', id: envelope.id, at: envelope.timestamp, ...note }) } : desk;
    }
  }
}

const QUESTION = /[?？؟]/u;

/** A line that asks something. */
export const isQuestion = (message: Message): boolean => message.author.role === 'viewer' && QUESTION.test(message.text);
