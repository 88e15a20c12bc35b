import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Health } from '../state/health';
import { base } from './shared';

/** The light of the stream: good ●, weak ◆, lost ■, always with its word. */
@customElement('lc-health')
export class LcHealth extends LitElement {
  static override styles = [base, css`
    :host { display: inline-flex; align-items: center; gap: 0.5em; font-size: var(--t-s); color: var(--ink-2); white-space: nowrap; }
    i { inline-size: 0.625rem; block-size: 0.625rem; flex: none; border-radius: 50%; background: var(--ink-3); box-shadow: 0 0 0 3px var(--surface-2); }
    .good { background: light-dark(oklch(0.62 0.15 152), oklch(0.75 0.16 155)); box-shadow: 0 0 0 3px var(--success-soft); }
    .weak { background: light-dark(oklch(0.68 0.15 62), oklch(0.8 0.14 70)); box-shadow: 0 0 0 3px var(--warn-soft); border-radius: 2px; rotate: 45deg; }
    .lost { background: var(--danger-solid); box-shadow: 0 0 0 3px var(--danger-soft); border-radius: 1px; }
    .word { color: var(--ink); font-weight: var(--w-medium); }
  `];

  @property({ attribute: false }) health: Health = { level: 'idle', word: '', advice: '' };
  /** What stands behind the word, such as "2.4 Mbit/s up". */
  @property() detail = '';

  override render(): TemplateResult {
    return html`<i class=${this.health.level} aria-hidden="true"></i>
      <span role="status" title=${this.health.advice}><span class="vh">Stream: </span>${this.health.word}${this.detail ? html`<span class="num"> · ${this.detail}</span>` : nothing}</span>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-health': LcHealth;
  }
}
