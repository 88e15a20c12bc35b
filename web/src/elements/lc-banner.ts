import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import './lc-icon';
import type { IconName } from './icons';

/** What happened and the way out: text in the default slot, one button in `action`; below the text when `stacked`. */
@customElement('lc-banner')
export class LcBanner extends LitElement {
  static override styles = css`
    :host { display: flex; align-items: center; gap: var(--s-2); padding: var(--s-2) var(--s-3); border-radius: var(--r-m); background: var(--accent-soft); color: var(--ink); font-size: var(--t-s); line-height: 1.3; box-sizing: border-box; }
    :host([hidden]) { display: none; }
    span { flex: 1; min-inline-size: 0; }
    :host([stacked]) { flex-wrap: wrap; }
    :host([stacked]) ::slotted([slot='action']) { flex: 1 0 100%; }
    :host([tone='warn']) { background: var(--warn-soft); }
    :host([tone='warn']) lc-icon { color: var(--warn-ink); }
    :host([tone='danger']) { background: var(--danger-soft); }
    :host([tone='danger']) lc-icon { color: var(--danger-ink); }
    :host([tone='success']) { background: var(--success-soft); }
    :host([tone='success']) lc-icon { color: var(--success-ink); }
  `;

  @property({ reflect: true }) tone: 'neutral' | 'warn' | 'danger' | 'success' = 'neutral';
  @property() icon: IconName | undefined;

  override render(): TemplateResult {
    return html`${this.icon ? html`<lc-icon name=${this.icon}></lc-icon>` : nothing}<span><slot></slot></span><slot name="action"></slot>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-banner': LcBanner;
  }
}
