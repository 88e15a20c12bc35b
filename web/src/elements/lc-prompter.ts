import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import staff from '../css/staff.css?inline';
import type { Message } from '../state/types';
import './lc-button';
import './lc-chip';
import './lc-elapsed';
import './lc-panel';
import css from './lc-prompter.css?inline';
import { ask, base, sheet } from './shared';

const SHOWN = 6;

/** Questions out of the chat, big enough to be read from where the host stands. Asks with `answered` and `later` (a message id). */
@customElement('lc-prompter')
export class LcPrompter extends LitElement {
  static override styles = [base, sheet(staff), sheet(css)];

  @property({ attribute: false }) questions: Message[] = [];
  @property({ type: Boolean, reflect: true }) remote = false;

  override render(): TemplateResult {
    const { length } = this.questions;
    return html`<lc-panel heading="Questions for you">${length ? html`<lc-chip slot="note" tone="accent">${length}</lc-chip>` : nothing}
      <span slot="tools" class="fold">from the chat</span>
      ${length ? html`<ol>${repeat(this.questions.slice(0, SHOWN), ({ id }) => id, (question, index) => (index === 0 ? this.#next(question) : this.#waiting(question)))}</ol>`
        : html`<p class="empty">Questions from the chat appear here.</p>`}</lc-panel>`;
  }

  #next(question: Message): TemplateResult {
    return html`<li class="next"><p class="who"><bdi>${question.author.display_name}</bdi> · waiting <lc-elapsed since=${question.at}></lc-elapsed></p>
      <p class="q" dir="auto">${question.text}</p>
      <div class="acts"><lc-button variant="primary" @click=${() => ask(this, 'answered', question.id)}>Answered <kbd aria-hidden="true">A</kbd></lc-button>
        <lc-button variant=${this.remote ? 'quiet' : 'ghost'} @click=${() => ask(this, 'later', question.id)}>Later</lc-button></div></li>`;
  }

  #waiting(question: Message): TemplateResult {
    return html`<li><p class="q" dir="auto">${question.text}</p><p class="who"><bdi>${question.author.display_name}</bdi></p></li>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-prompter': LcPrompter;
  }
}
