import { ApiError, codeOf, textOf } from '../net/api';
import type { Seat } from '../net/seat';
import { withMessage } from '../state/reducer';
import { chatRefusal } from '../state/refusals';
import type { Message } from '../state/types';

const NAMED = 'lc.named';

export interface TalkingHost {
  requestUpdate(): void;
  /** The server took the text: the field empties. */
  sent(): void;
  /** Slow mode: the send button counts down. */
  waitFor(seconds: number): void;
  openName(): void;
  closeName(): void;
}

/** Chat from this page: one line at a time, a name before the first one, the own line from the ack. */
export class Talking {
  isBusy = false;
  error = '';
  nameError = '';
  #kept = '';
  #nonce = '';

  constructor(private readonly host: TalkingHost, private readonly seat: Seat) {}

  /** Whether this guest still carries the name that the page made up. */
  get isNameless(): boolean {
    return this.seat.session.viewer?.kind === 'guest' && !localStorage.getItem(NAMED);
  }

  async post(text: string): Promise<void> {
    if (this.isNameless) {
      this.#kept = text;
      return this.host.openName();
    }
    this.#set(true, '');
    if (text !== this.#kept || !this.#nonce) this.#nonce = crypto.randomUUID(); // the same text again is the same message
    this.#kept = text;
    try {
      const ack = await this.seat.live.ask<{ message?: Message }>('chat.post', { show_id: this.seat.showId, text, nonce: this.#nonce });
      const { message } = ack;
      if (message) this.seat.state.update((state) => state && withMessage(state, message));
      this.#nonce = this.#kept = '';
      this.host.sent();
      this.#set(false, '');
    } catch (error) {
      if (codeOf(error) !== 'offline') this.#nonce = '';
      const wait = error instanceof ApiError ? error.retryAfter : null;
      if (wait) this.host.waitFor(wait);
      this.#set(false, chatRefusal(error));
    }
  }

  /** Takes the name, comes back under it, and says what was kept. */
  async name(name: string): Promise<void> {
    this.isBusy = true;
    this.nameError = '';
    this.host.requestUpdate();
    try {
      await this.seat.session.rename(name);
      localStorage.setItem(NAMED, '1');
      this.host.closeName();
      this.seat.live.renew();
      await this.#untilLive();
      this.isBusy = false;
      if (this.#kept) await this.post(this.#kept);
    } catch (error) {
      this.nameError = textOf(error);
    } finally {
      this.isBusy = false;
      this.host.requestUpdate();
    }
  }

  #untilLive(): Promise<void> {
    return new Promise((done) => {
      const stop = this.seat.link.subscribe(({ state }) => {
        if (state === 'reconnecting' || state === 'connecting') return;
        stop();
        done();
      });
    });
  }

  #set(isBusy: boolean, error: string): void {
    this.isBusy = isBusy;
    this.error = error;
    this.host.requestUpdate();
  }
}
