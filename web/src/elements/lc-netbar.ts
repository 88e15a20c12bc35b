import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Link } from '../net/live_show';
import './lc-banner';
import './lc-button';
import { ask, base } from './shared';

const ENDED: Record<string, string> = {
  banned: 'You were removed from this show.',
  signed_out: 'You are signed out.',
  unauthenticated: 'Your sign-in has ended.',
  forbidden: 'This account may not see this show.',
};

const QUIET_MS = 700; // a link that is back at once is no news

/** Says that the connection is lost and when it is tried again, with "Now"; or that it is over. Asks with `retry`. */
@customElement('lc-netbar')
export class LcNetbar extends LitElement {
  static override styles = [base, css`:host { display: block; } :host(:empty) { display: contents; }`];

  @property({ attribute: false }) link: Link = { state: 'connecting' };
  @state() private leftS = 0;
  /** The first connection is no news; only a lost one is. */
  @state() private wasLive = false;
  @state() private isLost = false;
  #lostAt = Infinity;
  #timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => this.#tick(), 250);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  protected override willUpdate(): void {
    if (this.link.state === 'live') {
      this.wasLive = true;
      this.#lostAt = Infinity;
    } else if (this.wasLive) this.#lostAt = Math.min(this.#lostAt, performance.now());
    this.#tick();
  }

  override render(): TemplateResult | typeof nothing {
    const { link } = this;
    if (link.state === 'ended') return html`<lc-banner tone="danger" icon="alert" role="alert">${ENDED[link.code] ?? (link.message || 'This show is not there.')}</lc-banner>`;
    if (link.state === 'live' || !this.isLost) return nothing;
    const when = link.state === 'reconnecting' && this.leftS > 0 ? html`Trying again in <span class="num">${this.leftS} s</span>.` : html`Trying again.`;
    return html`<lc-banner tone="warn" icon="offline"><b role="alert">Connection lost.</b> ${when} What you typed is kept.
      <lc-button slot="action" variant="plain" @click=${() => ask(this, 'retry')}>Now</lc-button></lc-banner>`;
  }

  #tick(): void {
    this.isLost = performance.now() - this.#lostAt > QUIET_MS || (this.link.state === 'reconnecting' && !this.wasLive);
    this.leftS = this.link.state === 'reconnecting' ? Math.max(0, Math.ceil((this.link.retryAt - Date.now()) / 1000)) : 0;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-netbar': LcNetbar;
  }
}
