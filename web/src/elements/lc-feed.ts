import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { isQuestion, type Line, type MessageLine } from '../state/desk';
import type { Sanctioned } from '../state/reducer';
import { count } from '../state/words';
import './lc-button';
import './lc-field';
import css from './lc-feed.css?inline';
import './lc-icon';
import './lc-line';
import type { LineAct } from './lc-line';
import { ask, base, sheet } from './shared';
import './lc-tabs';

const KEYS: [string[], string][] = [[['J', 'K'], 'move'], [['H'], 'hide'], [['M'], 'mute'], [['B'], 'ban'], [['R'], 'reply'], [['P'], 'pin'], [['Z'], 'undo'], [['/'], 'write'], [['?'], 'all keys']];
const AT_FOOT_PX = 24;

/**
 * The chat as moderators read it: newest last, following until somebody scrolls up, points, or selects a line.
 *
 * Asks with `select-line` (an id or null), `act`, and `post` (the text).
 */
@customElement('lc-feed')
export class LcFeed extends LitElement {
  static override styles = [base, sheet(css)];

  @property({ attribute: false }) lines: Line[] = [];
  @property() selected: string | null = null;
  @property({ attribute: false }) acts: (line: MessageLine) => readonly LineAct[] = () => [];
  @property({ attribute: false }) sanctioned: Record<string, Sanctioned> = {};
  @property({ attribute: false }) answering: MessageLine | null = null;
  @property() problem = '';
  @property({ type: Boolean }) disabled = false;
  @state() private view = 'all';
  @state() private draft = '';
  @state() private isPointing = false;
  /** The last line that was read to its end; what came after it is new. */
  @state() private readTo: string | null = null;
  @query('.rows') private rows!: HTMLElement;
  @query('lc-field') private field!: HTMLElement;
  #isAtFoot = true;

  /** The lines in view, for moving with J and K. */
  get shown(): Line[] {
    const of: Record<string, (line: Line) => boolean> = {
      held: (line) => line.kind === 'message' && line.message.state === 'held',
      questions: (line) => line.kind === 'message' && isQuestion(line.message),
      team: (line) => line.kind === 'message' && line.message.author.role !== 'viewer',
    };
    const wanted = of[this.view];
    return wanted ? this.lines.filter(wanted) : this.lines;
  }

  focusField(): void {
    this.field.focus();
  }

  override render(): TemplateResult {
    const held = this.lines.filter((line) => line.kind === 'message' && line.message.state === 'held').length;
    const tabs = [{ value: 'all', text: 'All' }, { value: 'held', text: 'Held', ...(held ? { count: held } : {}) }, { value: 'questions', text: 'Questions' }, { value: 'team', text: 'Team' }];
    return html`<header><lc-tabs label="Which messages" .tabs=${tabs} .value=${this.view} @change=${(event: Event) => (this.view = (event.target as HTMLInputElement).value)}></lc-tabs></header>
      <div class="rows" role="feed" aria-label="Messages, newest last" aria-busy="false" @scroll=${this.#scrolled} @pointerenter=${this.#pointed} @pointerleave=${this.#left}>
        ${this.shown.length ? repeat(this.shown, ({ id }) => id, (line) => this.#line(line)) : html`<p class="none">${this.view === 'all' ? 'Nobody has written yet.' : 'Nothing here.'}</p>`}</div>
      ${this.#newer()}${this.answering ? html`<p class="answering"><lc-icon name="reply"></lc-icon><span class="grow clip">To <b><bdi>${this.answering.message.author.display_name}</bdi></b>: ${this.answering.message.text}</span>
        <lc-button variant="ghost" icon="close" icon-only label="Write without reply" @click=${() => ask(this, 'no-reply')}></lc-button></p>` : nothing}
      <form @submit=${this.#submit}><lc-field label="Message" label-hidden placeholder="Message to the chat" maxlength="500" autocomplete="off" ?disabled=${this.disabled} .value=${this.draft} @input=${(event: Event) => (this.draft = (event.target as HTMLInputElement).value)} @keydown=${this.#key}></lc-field>
        <lc-button type="submit" variant="primary" ?disabled=${this.disabled || !this.draft.trim()}>Send</lc-button></form>
      ${this.problem ? html`<p class="refused" role="alert">${this.problem}</p>` : nothing}
      <p class="keys" aria-hidden="true">${KEYS.map(([keys, label]) => html`<span>${keys.map((key) => html`<kbd>${key}</kbd>`)} ${label}</span>`)}</p>`;
  }

  #line(line: Line): TemplateResult {
    const isSelected = line.id === this.selected;
    const author = line.kind === 'message' ? this.sanctioned[line.message.author.id] : undefined;
    const stands = author && (author.until === null || Date.parse(author.until) > Date.now());
    return html`<lc-line role="article" data-id=${line.id} tabindex=${isSelected ? 0 : -1} aria-current=${isSelected ? 'true' : nothing} .line=${line} ?selected=${isSelected}
      .mark=${stands ? (author.kind === 'ban' ? 'Banned' : 'Muted') : ''} .acts=${isSelected && line.kind === 'message' ? this.acts(line) : []}></lc-line>`;
  }

  #newer(): TemplateResult | typeof nothing {
    if (this.#follows()) return nothing;
    const at = this.shown.findIndex(({ id }) => id === this.readTo);
    const newer = at < 0 ? 0 : this.shown.length - 1 - at;
    const why = !this.#isAtFoot ? 'Scrolled up' : this.isPointing ? 'Paused while you point' : 'Paused at the selected message';
    return html`<button type="button" class="newbar" @click=${this.#toFoot}><lc-icon name=${this.#isAtFoot ? 'pause' : 'down'}></lc-icon>${why}${newer ? ` · ${count(newer)} new` : ''}</button>`;
  }

  #follows(): boolean {
    return this.#isAtFoot && !this.isPointing && this.selected === null;
  }

  protected override willUpdate(): void {
    if (this.#follows()) this.readTo = this.shown.at(-1)?.id ?? null;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (this.#follows()) this.rows.scrollTop = this.rows.scrollHeight;
    if (this.selected !== null && changed.has('selected')) void this.#reveal(this.selected);
  }

  /** A selected row is taller; it comes into view with its actions. */
  async #reveal(id: string): Promise<void> {
    const row = this.rows.querySelector<HTMLElementTagNameMap['lc-line']>(`[data-id="${CSS.escape(id)}"]`);
    await row?.updateComplete;
    row?.scrollIntoView({ block: 'nearest' });
  }

  #scrolled = (): void => {
    const isAtFoot = this.rows.scrollHeight - this.rows.scrollTop - this.rows.clientHeight < AT_FOOT_PX;
    if (isAtFoot === this.#isAtFoot) return;
    this.#isAtFoot = isAtFoot;
    this.requestUpdate();
  };

  #pointed = (event: PointerEvent): void => void (this.isPointing = event.pointerType === 'mouse');
  #left = (): void => void (this.isPointing = false);

  #toFoot = (): void => {
    this.isPointing = false;
    this.#isAtFoot = true;
    ask(this, 'select-line', null);
    this.requestUpdate();
  };

  #key = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    (event.target as HTMLElement).blur();
    ask(this, 'no-reply');
  };

  #submit = (event: Event): void => {
    event.preventDefault();
    const text = this.draft.trim();
    if (text) ask(this, 'post', text);
    this.draft = '';
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-feed': LcFeed;
  }
}
