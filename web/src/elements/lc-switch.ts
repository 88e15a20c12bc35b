import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { base } from './shared';

/** On or off, with its words; asks with `change` and shows what `checked` says. */
@customElement('lc-switch')
export class LcSwitch extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [base, css`
    :host { display: inline-flex; }
    button { display: flex; align-items: center; gap: var(--s-3); min-block-size: var(--control); padding: 0; border: 0; background: none; text-align: start; cursor: pointer; border-radius: var(--r-s); }
    .track { position: relative; inline-size: 2.25rem; block-size: 1.25rem; flex: none; border-radius: var(--r-pill); border: 1px solid var(--line-strong); background: var(--surface-2); }
    .track::after { content: ''; position: absolute; inset-block-start: 2px; inset-inline-start: 2px; inline-size: 0.875rem; block-size: 0.875rem; border-radius: 50%; background: var(--ink-3); }
    [aria-checked='true'] .track { background: var(--accent); border-color: var(--accent); }
    [aria-checked='true'] .track::after { inset-inline: auto 2px; background: var(--on-accent); }
    [disabled] { opacity: 0.6; cursor: default; }
  `];

  @property({ type: Boolean, reflect: true }) checked = false;
  @property({ type: Boolean }) disabled = false;

  override render(): TemplateResult {
    return html`<button type="button" role="switch" aria-checked=${String(this.checked)} ?disabled=${this.disabled} @click=${this.#toggle}>
      <span class="track"></span><slot></slot></button>`;
  }

  #toggle = (): void => {
    this.checked = !this.checked;
    this.dispatchEvent(new Event('change', { bubbles: true }));
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-switch': LcSwitch;
  }
}
