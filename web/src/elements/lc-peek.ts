import { LitElement, css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import staff from '../css/staff.css?inline';
import type { Message } from '../state/types';
import './lc-button';
import './lc-chip';
import './lc-field';
import './lc-panel';
import { ask, base, sheet } from './shared';

const SHOWN = 60;

/** The chat beside other work: the newest lines and a field. Asks with `post` (the text). */
@customElement('lc-peek')
export class LcPeek extends LitElement {
  static override styles = [base, sheet(staff), css`
    :host { display: grid; min-block-size: 0; }
    .lines { display: flex; flex-direction: column; padding-block-end: var(--s-2); font-size: var(--t-s); }
    .lines p { padding: 0.15rem var(--s-4); overflow-wrap: anywhere; line-height: 1.35; }
    .lines p.staff b { color: var(--accent-ink); }
    form { display: flex; gap: var(--s-2); padding: var(--s-3); border-block-start: 1px solid var(--line); }
    lc-field { flex: 1; min-inline-size: 0; }
    a { font-size: var(--t-s); }
    .refused { padding: 0 var(--s-4) var(--s-2); font-size: var(--t-xs); color: var(--danger-ink); }
  `];

  @property({ attribute: false }) messages: Message[] = [];
  /** Where the control panel of this show is. */
  @property() control = '';
  @property({ type: Boolean }) disabled = false;
  /** Why the last line was refused. */
  @property() problem = '';
  @state() private text = '';
  @query('lc-panel') private panel!: HTMLElement;
  #follows = true;

  override render(): TemplateResult {
    return html`<lc-panel heading="Chat" readable @scroll=${{ handleEvent: this.#scrolled, capture: true, passive: true }}>
      ${this.control ? html`<a slot="tools" href=${this.control}>Control panel</a>` : ''}
      ${this.messages.length ? html`<div class="lines" role="log" aria-label="Chat" aria-live="off">${repeat(this.messages.slice(-SHOWN), ({ id }) => id, (message) => html`
        <p class=${message.author.role === 'viewer' ? '' : 'staff'}><b><bdi>${message.author.display_name}</bdi></b> <bdi>${message.text}</bdi></p>`)}</div>`
        : html`<p class="empty">Nobody has written yet.</p>`}
      <form slot="foot" @submit=${this.#submit}>
        <lc-field label="Message" label-hidden placeholder="Write to the chat" maxlength="500" autocomplete="off" ?disabled=${this.disabled} .value=${this.text} @input=${this.#typed}></lc-field>
        <lc-button type="submit" variant="outline" icon="send" icon-only label="Send" ?disabled=${this.disabled || this.text.trim() === ''}></lc-button></form>
      ${this.problem ? html`<p slot="foot" class="refused" role="alert">${this.problem}</p>` : ''}</lc-panel>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    const box = this.#box();
    if (changed.has('messages') && this.#follows && box) box.scrollTop = box.scrollHeight;
  }

  #box(): Element | null | undefined {
    return this.panel.shadowRoot?.querySelector('.in');
  }

  #scrolled = (): void => {
    const box = this.#box();
    if (box) this.#follows = box.scrollHeight - box.scrollTop - box.clientHeight < 24;
  };

  #typed = (event: Event): void => {
    this.text = (event.target as HTMLInputElement).value;
  };

  #submit = (event: Event): void => {
    event.preventDefault();
    const text = this.text.trim();
    if (text === '') return;
    ask(this, 'post', text);
    this.text = '';
    this.#follows = true;
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-peek': LcPeek;
  }
}
