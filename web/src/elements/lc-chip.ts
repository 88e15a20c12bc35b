import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import './lc-icon';
import type { IconName } from './icons';

export type Tone = 'neutral' | 'live' | 'success' | 'warn' | 'danger' | 'sale' | 'accent' | 'plate';

/** A short state in words: pills are for status only. */
@customElement('lc-chip')
export class LcChip extends LitElement {
  static override styles = css`
    :host { display: inline-flex; align-items: center; gap: 0.35em; min-block-size: 1.5rem; padding: 0 0.55rem; border-radius: var(--r-pill); background: var(--surface-2); color: var(--ink-2); font-size: var(--t-xs); font-weight: var(--w-bold); line-height: 1; white-space: nowrap; font-variant-numeric: tabular-nums; box-sizing: border-box; }
    :host([hidden]) { display: none; }
    :host([tone='live']) { background: var(--live); color: var(--on-danger); letter-spacing: 0.04em; }
    :host([tone='live'])::before { content: ''; inline-size: 0.45rem; block-size: 0.45rem; border-radius: 50%; background: currentColor; flex: none; }
    :host([tone='success']) { background: var(--success-soft); color: var(--success-ink); }
    :host([tone='warn']) { background: var(--warn-soft); color: var(--warn-ink); }
    :host([tone='danger']) { background: var(--danger-soft); color: var(--danger-ink); }
    :host([tone='accent']) { background: var(--accent-soft); color: var(--accent-ink); }
    :host([tone='sale']) { background: var(--sale); color: var(--on-sale); }
    :host([tone='plate']) { background: var(--plate); color: var(--video-ink); }
    lc-icon { font-size: 0.95em; }
  `;

  @property({ reflect: true }) tone: Tone = 'neutral';
  @property() icon: IconName | undefined;

  override render(): TemplateResult {
    return html`${this.icon ? html`<lc-icon name=${this.icon}></lc-icon>` : nothing}<slot></slot>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-chip': LcChip;
  }
}
