import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import staff from '../css/staff.css?inline';
import type { Message } from '../state/types';
import './lc-button';
import './lc-chip';
import './lc-elapsed';
import './lc-icon';
import './lc-panel';
import { ask, base, sheet } from './shared';

/** Messages that wait for a moderator, oldest first; `Y` and `N` decide on the first. Asks with `release` and `refuse` (an id). */
@customElement('lc-held')
export class LcHeld extends LitElement {
  static override styles = [base, sheet(staff), css`
    :host { display: grid; min-block-size: 0; }
    li { display: grid; gap: var(--s-2); padding: var(--s-3) var(--s-4); border-block-start: 1px solid var(--line); font-size: var(--t-s); overflow-wrap: anywhere; }
    .why { display: flex; align-items: center; gap: 0.4em; font-size: var(--t-xs); color: var(--warn-ink); font-weight: var(--w-bold); }
    .btns { display: grid; grid-template-columns: 1fr 1fr; gap: var(--s-2); --button-text: var(--t-s); }
    @media (max-width: 899px) { kbd { display: none; } }
  `];

  @property({ attribute: false }) messages: Message[] = [];

  override render(): TemplateResult {
    const [oldest] = this.messages;
    return html`<lc-panel heading="Held">${oldest ? html`<lc-chip slot="note" tone="warn">${this.messages.length}</lc-chip><span slot="tools" class="fold">oldest <lc-elapsed since=${oldest.at}></lc-elapsed></span>` : nothing}
      ${oldest ? html`<ul>${repeat(this.messages, ({ id }) => id, (message, index) => this.#row(message, index === 0))}</ul>` : html`<p class="empty">Nothing held. Filters are on.</p>`}</lc-panel>`;
  }

  #row(message: Message, isFirst: boolean): TemplateResult {
    const name = message.author.display_name;
    return html`<li><p class="why"><lc-icon name="filter"></lc-icon>Held <lc-elapsed since=${message.at}></lc-elapsed> ago</p>
      <p><b><bdi>${name}</bdi></b> <bdi>${message.text}</bdi></p>
      <div class="btns" role="group" aria-label=${`The message of ${name}`}><lc-button variant="outline" wide @click=${() => ask(this, 'release', message.id)}>Show ${isFirst ? html`<kbd aria-hidden="true">Y</kbd>` : nothing}</lc-button>
        <lc-button variant="outline" wide @click=${() => ask(this, 'refuse', message.id)}>Hide ${isFirst ? html`<kbd aria-hidden="true">N</kbd>` : nothing}</lc-button></div></li>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-held': LcHeld;
  }
}
