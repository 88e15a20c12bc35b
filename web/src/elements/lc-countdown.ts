import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { serverClock } from '../net/clock';
import { remaining } from '../state/words';
import './lc-icon';
import { base } from './shared';

const SPOKEN_S = new Set([30, 10]);

/** Time until an instant of the server, computed anew from the deadline each second. 0:00 closes nothing. */
@customElement('lc-countdown')
export class LcCountdown extends LitElement {
  static override styles = [base, css`
    :host { display: inline-flex; align-items: center; gap: 0.3em; font-weight: var(--w-bold); font-variant-numeric: tabular-nums; white-space: nowrap; }
    time { direction: ltr; }
  `];

  /** RFC 3339, or milliseconds since 1970 by the server's clock. */
  @property() deadline: string | number = '';
  @property() lead = '';
  @property({ type: Boolean }) bare = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #spoken = -1;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#tick();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  override render(): TemplateResult {
    const left = serverClock.until(this.deadline);
    const words = `${this.lead}${remaining(left)}`;
    return html`${this.bare ? '' : html`<lc-icon name="clock"></lc-icon>`}<time role="timer" aria-live="off">${words}</time>
      <span class="vh" role="status">${this.#speech(Math.ceil(left / 1000))}</span>`;
  }

  /** Said at the start, at 30 s and at 10 s; never every second. */
  #speech(seconds: number): string {
    if (this.#spoken < 0 || SPOKEN_S.has(seconds)) this.#spoken = seconds;
    return this.#spoken > 0 ? `${this.#spoken} seconds left` : '';
  }

  /** Wakes right after the shown second changed. */
  #tick(): void {
    this.requestUpdate();
    const left = serverClock.until(this.deadline);
    const toNext = left > 0 ? left % 1000 : 1000;
    this.#timer = setTimeout(() => this.#tick(), Math.max(30, Math.min(1000, toNext + 15)));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-countdown': LcCountdown;
  }
}
