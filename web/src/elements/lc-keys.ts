import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import './lc-dialog';
import { base } from './shared';

export interface KeyHelp {
  keys: string[];
  label: string;
}

/** All keys of a page, as `?` shows them. */
@customElement('lc-keys')
export class LcKeys extends LitElement {
  static override styles = [base, css`
    dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: var(--s-2) var(--s-4); align-items: center; }
    dt { display: flex; gap: var(--s-1); justify-content: flex-end; }
    p { margin-block-start: var(--s-4); color: var(--ink-3); font-size: var(--t-s); }
  `];

  @property({ attribute: false }) list: KeyHelp[] = [];

  override render(): TemplateResult {
    return html`<lc-dialog heading="Keys"><dl>${this.list.map(({ keys, label }) => html`<dt>${keys.map((key) => html`<kbd>${key}</kbd>`)}</dt><dd>${label}</dd>`)}</dl>
      <p>Keys rest while you write.</p></lc-dialog>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-keys': LcKeys;
  }
}
