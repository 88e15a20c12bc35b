import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { serverClock } from '../net/clock';
import type { ChatMode } from '../state/types';
import { clockTime, day } from '../state/words';
import css from './lc-composer.css?inline';
import './lc-icon';
import { ask, base, sheet } from './shared';

const MAX_LENGTH = 300;
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

/**
 * Where a viewer writes: ready, slow mode (typing goes on, the button counts down), held, muted, closed, offline.
 *
 * Asks with `post` and the text; the page calls `sent()` when the server took it, so that a refused text is never lost.
 */
@customElement('lc-composer')
export class LcComposer extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [base, sheet(css)];

  @property({ attribute: false }) mode: ChatMode = { slow_s: 0, hold_all: false, closed: false };
  @property() mutedUntil: string | null = null;
  @property({ type: Boolean }) offline = false;
  @property({ type: Boolean }) busy = false;
  /** Why the last text was not taken. */
  @property() error = '';
  @state() private waitS = 0;
  @query('input') private input!: HTMLInputElement;
  #nextAt = 0;
  #waitFullS = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The server took the text; in slow mode the next one may follow after `slow_s`. */
  sent(): void {
    this.input.value = '';
    if (this.mode.slow_s) this.waitFor(this.mode.slow_s);
  }

  /** Counts down on the send button, by the server's word. */
  waitFor(seconds: number): void {
    this.#nextAt = performance.now() + seconds * 1000;
    this.#waitFullS = Math.max(1, seconds);
    this.#tick();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  override render(): TemplateResult {
    const muted = this.mutedUntil && serverClock.until(this.mutedUntil) > 0 ? this.mutedUntil : null;
    const isShut = muted !== null || this.mode.closed;
    const placeholder = muted ? mutedWords(muted) : this.mode.closed ? 'The chat is closed for now' : 'Say something';
    const hint = this.error || (this.mode.hold_all && !isShut ? 'A moderator looks at each message first.' : '');
    return html`<form @submit=${this.#post}>
        <label class="vh" for="say">Say something</label>
        <input id="say" maxlength=${MAX_LENGTH} autocomplete="off" enterkeyhint="send" placeholder=${placeholder} ?readonly=${isShut} aria-describedby=${hint ? 'hint' : nothing} />
        ${this.#button(isShut)}
      </form>
      ${hint ? html`<span class="hint" id="hint" role=${this.error ? 'alert' : nothing}>${hint}</span>` : nothing}`;
  }

  protected override updated(): void {
    this.style.setProperty('--p', `${Math.round((1 - this.waitS / this.#waitFullS) * 100)}%`);
  }

  #button(isShut: boolean): TemplateResult {
    if (this.waitS > 0) return html`<button type="submit" class="send wait" aria-disabled="true" aria-label=${`Slow mode, ${this.waitS} seconds left`}><span class="ring"></span>${this.waitS} s</button>`;
    const label = this.offline ? 'Send, when the connection is back' : 'Send';
    const isOff = isShut || this.offline || this.busy;
    return html`<button type="submit" class="send" aria-label=${label} aria-disabled=${String(isOff)}><lc-icon name="send"></lc-icon></button>`;
  }

  #post = (event: Event): void => {
    event.preventDefault();
    const text = this.input.value.trim();
    const isShut = this.mode.closed || (this.mutedUntil !== null && serverClock.until(this.mutedUntil) > 0);
    if (text && !isShut && !this.offline && !this.busy && this.waitS <= 0) ask(this, 'post', text);
  };

  #tick(): void {
    clearTimeout(this.#timer);
    this.waitS = Math.max(0, Math.ceil((this.#nextAt - performance.now()) / 1000));
    if (this.waitS > 0) this.#timer = setTimeout(() => this.#tick(), 250);
  }
}

function mutedWords(until: string): string {
  const left = serverClock.until(until);
  if (left > YEAR_MS) return 'You cannot write in this chat';
  return `You can write again ${left < DAY_MS ? `at ${clockTime(until)}` : `on ${day(until)}`}`;
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-composer': LcComposer;
  }
}
