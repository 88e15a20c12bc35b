import { LitElement, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { serverClock } from '../net/clock';
import { remaining } from '../state/words';
import { base } from './shared';

/** How long ago something was, or until something is, by the server's clock. Quiet: it is never announced. */
@customElement('lc-elapsed')
export class LcElapsed extends LitElement {
  static override styles = [base];

  /** RFC 3339. */
  @property() since = '';
  @property() until = '';
  #timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => this.requestUpdate(), 1000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  override render(): TemplateResult {
    const ms = this.until ? serverClock.until(this.until) : -serverClock.until(this.since);
    return html`<time class="num" aria-live="off">${remaining(ms)}</time>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-elapsed': LcElapsed;
  }
}
