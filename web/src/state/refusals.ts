import { ApiError, codeOf, textOf } from '../net/api';
import { count } from './words';

/** What a refused buyer reads: what happened and what is next. No codes. */
export function refusalWords(error: unknown, limit: number | null): string {
  switch (codeOf(error)) {
    case 'sold_out': {
      const left = error instanceof ApiError ? Number(error.details['available'] ?? 0) : 0;
      return left > 0 ? `Only ${count(left)} left. Take fewer and press again.` : 'Every one is taken. Unpaid ones come back here.';
    }
    case 'limit_reached':
      return limit ? `You have ${count(limit)}, the most per person.` : 'You have the most per person.';
    case 'not_sold_out':
      return 'There is one again. Press Buy.';
    case 'waitlist_full':
      return 'Too many are waiting already.';
    case 'not_started':
      return 'It has not opened yet. The button wakes up by itself.';
    case 'ended':
    case 'sale_closed':
      return 'The flash sale has ended. The normal price is back.';
    case 'busy':
    case 'overloaded':
    case 'http_503':
      return 'Too many at once just now. Press again in a moment.';
    case 'offline':
      return 'No connection. Press again when it is back: you will not get two.';
    case 'rate_limited':
      return 'That was quick. Press again in a moment.';
    default:
      return textOf(error);
  }
}

/** What somebody reads who waits for what is sold out. */
export const waitingWords = (position: number): string =>
  position <= 1 ? 'You are next. When one comes back it is held for you.' : `You are number ${count(position)} in line. Stay here: we hold one when it is your turn.`;

/** What a chat refusal says under the field. */
export function chatRefusal(error: unknown): string {
  switch (codeOf(error)) {
    case 'slow_mode':
    case 'rate_limited':
      return '';
    case 'muted':
      return 'You cannot write in this chat just now.';
    case 'chat_closed':
      return 'The chat is closed for now.';
    case 'offline':
      return 'Not sent: no connection. Your text is kept.';
    default:
      return textOf(error);
  }
}
