import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { isQuestion, type Line, type NoteLine } from '../state/desk';
import type { Message } from '../state/types';
import { logTime } from '../state/words';
import './lc-button';
import './lc-icon';
import css from './lc-line.css?inline';
import type { IconName } from './icons';
import { ask, base, sheet } from './shared';

/** What a moderator may do with a line; each has a key. */
export interface LineAct {
  act: 'hide' | 'show' | 'mute' | 'ban' | 'reply';
  key: string;
  label: string;
  icon: IconName;
}

const ROLE: Partial<Record<Message['author']['role'], string>> = { host: 'Host', moderator: 'Mod', owner: 'Owner' };

/** One line of the moderator's chat. Asks with `select-line` (its id) and, when it is selected, with `act` ({act, id}). */
@customElement('lc-line')
export class LcLine extends LitElement {
  static override styles = [base, sheet(css)];

  @property({ attribute: false }) line!: Line;
  @property({ type: Boolean, reflect: true }) selected = false;
  @property({ attribute: false }) acts: readonly LineAct[] = [];
  /** What stands about the author, such as "Muted". */
  @property() mark = '';

  override render(): TemplateResult {
    const { line } = this;
    const message = line.kind === 'message' ? line.message : null;
    this.toggleAttribute('held', message?.state === 'held');
    this.toggleAttribute('gone', message?.state === 'hidden');
    this.toggleAttribute('question', message !== null && isQuestion(message));
    return html`<time datetime=${line.at}>${logTime(line.at, '2-digit')}</time>${message ? this.#message(message) : this.#note(line as NoteLine)}`;
  }

  #note(line: NoteLine): TemplateResult {
    return html`<p class="sys"><lc-icon name=${line.icon}></lc-icon><span>${line.who ? html`<b><bdi>${line.who}</bdi></b> ` : nothing}${line.text}</span></p>`;
  }

  #message(message: Message): TemplateResult {
    const { author } = message;
    const icon: IconName | null = message.state === 'held' ? 'alert' : message.state === 'hidden' ? 'hide' : isQuestion(message) ? 'question' : null;
    const role = ROLE[author.role];
    return html`${icon ? html`<lc-icon class="k" name=${icon}></lc-icon>` : html`<span></span>`}
      <p class="body" @click=${() => ask(this, 'select-line', message.id)}>${message.reply_to ? html`<span class="reply"><bdi>↪ ${message.reply_to.author_name}: ${message.reply_to.text}</bdi></span>` : nothing}<b><bdi>${author.display_name}</bdi></b>${role ? html`<span class="flag ${author.role}">${role}</span>` : nothing}${this.mark ? html`<span class="flag warn">${this.mark}</span>` : nothing}${this.#state(message)}<bdi class="text">${message.text}</bdi></p>
      ${this.selected && this.acts.length ? html`<div class="acts" role="group" aria-label=${`Actions for the message of ${author.display_name}`}>${this.acts.map(({ act, key, label, icon: name }) => html`
        <lc-button variant="outline" icon=${name} @click=${() => ask(this, 'act', { act, id: message.id })}>${label} <kbd aria-hidden="true">${key}</kbd></lc-button>`)}</div>` : nothing}`;
  }

  #state({ state }: Message): TemplateResult | typeof nothing {
    if (state === 'shown') return nothing;
    return html`<span class="flag warn">${state === 'held' ? 'Held' : 'Hidden'}</span>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-line': LcLine;
  }
}
