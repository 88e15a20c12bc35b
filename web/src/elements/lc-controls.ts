import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import './lc-button';
import type { PlayerStatus } from './lc-player';
import { ask, base } from './shared';

/** The bar under the picture on wide screens. Asks with `pause`, `sound`, `pip`, `fullscreen`. */
@customElement('lc-controls')
export class LcControls extends LitElement {
  static override styles = [base, css`
    :host { display: flex; align-items: center; gap: var(--s-1); color-scheme: dark; color: var(--video-ink); --focus: oklch(0.97 0.02 200); }
    .lag { margin-inline: auto var(--s-2); font-size: var(--t-s); color: var(--video-ink-2); }
  `];

  @property({ attribute: false }) status: PlayerStatus | null = null;

  override render(): TemplateResult | typeof nothing {
    const { status } = this;
    if (!status) return nothing;
    const sound = status.isMuted ? 'Sound on' : 'Sound off';
    return html`${this.#button(status.isPaused ? 'play' : 'pause', status.isPaused ? 'Play' : 'Pause', 'pause')}
      ${this.#button(status.isMuted ? 'muted' : 'volume', sound, 'sound')}
      ${status.isMutedByBrowser ? html`<lc-button class="tap" variant="clear" @click=${() => ask(this, 'sound')}>Tap for sound</lc-button>` : nothing}
      <span class="lag num">${facts(status)}</span>
      ${document.pictureInPictureEnabled ? this.#button('pip', 'Picture in picture', 'pip') : nothing}
      ${this.#button('expand', 'Full screen', 'fullscreen')}`;
  }

  #button(icon: 'play' | 'pause' | 'muted' | 'volume' | 'pip' | 'expand', label: string, request: string): TemplateResult {
    return html`<lc-button variant="clear" icon-only icon=${icon} label=${label} @click=${() => ask(this, request)}></lc-button>`;
  }
}

/** "1.4 s behind · 720p": only what was measured, and no finer than it can be. */
function facts({ lagS, height, path }: PlayerStatus): string {
  const seconds = lagS === null ? '' : lagS < 0.5 ? 'under 0.5' : lagS < 10 ? lagS.toFixed(1) : String(Math.round(lagS));
  const lag = seconds && path ? `${seconds} s behind` : null;
  return [lag, height ? `${height}p` : null].filter(Boolean).join(' · ');
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-controls': LcControls;
  }
}
