import { LitElement, css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { SILENCE_DB } from '../net/loudness';
import './lc-icon';
import { base } from './shared';

/** How loud the microphone is. Left is quiet in every language. */
@customElement('lc-level')
export class LcLevel extends LitElement {
  static override styles = [base, css`
    :host { display: grid; grid-template-columns: 1.25rem minmax(0, 1fr) 3.75rem; gap: var(--s-2); align-items: center; font-size: var(--t-s); }
    .meter { position: relative; direction: ltr; block-size: 0.75rem; border-radius: 3px; background: linear-gradient(90deg, light-dark(oklch(0.62 0.13 155), oklch(0.72 0.14 155)) 0 70%, light-dark(oklch(0.75 0.15 80), oklch(0.82 0.14 80)) 70% 88%, var(--danger-solid) 88%); mask: repeating-linear-gradient(90deg, #000 0 5px, transparent 5px 7px); }
    .meter::after { content: ''; position: absolute; inset-block: 0; inset-inline: var(--v, 0%) 0; background: var(--surface-3); }
    .value { text-align: end; }
  `];

  /** dB below full scale; null while there is no microphone. */
  @property({ type: Number }) db: number | null = null;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('db')) return;
    const share = this.db === null ? 0 : 1 - Math.min(this.db, 0) / SILENCE_DB;
    this.style.setProperty('--v', `${Math.round(share * 100)}%`);
  }

  override render(): TemplateResult {
    const text = this.db === null ? 'No sound' : this.db <= SILENCE_DB ? 'Silent' : `−${Math.round(Math.abs(this.db))} dB`;
    return html`<lc-icon name="mic"></lc-icon>
      <span class="meter" role="meter" aria-label="Microphone level" aria-valuemin=${SILENCE_DB} aria-valuemax="0"
        aria-valuenow=${Math.round(this.db ?? SILENCE_DB)} aria-valuetext=${text}></span>
      <span class="num muted value" aria-hidden="true">${text}</span>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-level': LcLevel;
  }
}
