import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Purchase } from '../state/reducer';
import type { Message } from '../state/types';
import { hue, plural } from '../state/words';
import css from './lc-chat.css?inline';
import './lc-icon';
import { base, sheet } from './shared';
import { vars } from './vars';

type Line = { id: string; at: string; message: Message } | { id: string; at: string; purchase: Purchase };
const NEAR_PX = 48; // scrolled no further from the end than this counts as following

/** The chat of a show. Follows new lines until somebody scrolls up; then says how many are new. Text is only ever text. */
@customElement('lc-chat')
export class LcChat extends LitElement {
  static override styles = [base, sheet(css)];

  @property({ attribute: false }) messages: Message[] = [];
  @property({ attribute: false }) purchases: Purchase[] = [];
  @property({ attribute: false }) youId = '';
  @property() host = '';
  @state() private fresh = 0;
  @query('.log') private log!: HTMLElement;
  #isFollowing = true;
  #height = 0;
  #onResize = new ResizeObserver(() => this.#follow());

  override render(): TemplateResult {
    const lines = this.#lines();
    const first = this.host.split(' ')[0];
    return html`<div class="log" role="log" aria-label="Chat messages" aria-live="polite" tabindex="0" @scroll=${this.#scrolled}>
        ${lines.length ? repeat(lines, ({ id }) => id, (line) => ('message' in line ? this.#message(line.message) : this.#purchase(line.purchase)))
          : html`<p class="empty">Say hello${first ? html` to <bdi>${first}</bdi>` : nothing}.</p>`}
      </div>
      ${this.fresh ? html`<div class="fresh"><button type="button" @click=${this.#toEnd}>${plural(this.fresh, 'new line', 'new lines')}</button></div>` : nothing}`;
  }

  protected override firstUpdated(): void {
    this.#onResize.observe(this.log);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#onResize.disconnect();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (this.#isFollowing) return this.#follow();
    const before = changed.get('messages');
    if (!before) return;
    const known = new Set(before.map(({ id }) => id));
    this.fresh += this.messages.filter(({ id }) => !known.has(id)).length;
  }

  #lines(): Line[] {
    const said: Line[] = this.messages.filter(({ state }) => state !== 'hidden').map((message) => ({ id: message.id, at: message.at, message }));
    const bought: Line[] = this.purchases.filter(({ display_name }) => display_name !== null).map((purchase) => ({ id: purchase.id, at: purchase.at, purchase }));
    if (!bought.length) return said;
    return [...said, ...bought].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  }

  #message({ author, text, reply_to, state }: Message): TemplateResult {
    const badge = author.role === 'host' || author.role === 'owner' ? html`<span class="badge host">Host</span>`
      : author.role === 'moderator' ? html`<span class="badge">Mod</span>` : nothing;
    return html`<p class="line" ${vars({ '--h': hue(author.display_name) })}>${reply_to
      ? html`<span class="re">To <bdi>${reply_to.author_name}</bdi>: <bdi>${reply_to.text}</bdi></span>` : nothing}${badge}<b><bdi>${author.display_name}</bdi></b> <bdi>${text}</bdi>${state === 'held'
      ? html` <span class="held">· a moderator looks at it first</span>` : nothing}</p>`;
  }

  #purchase({ display_name, product, quantity }: Purchase): TemplateResult {
    return html`<p class="bought"><lc-icon name="bag"></lc-icon><span class="clip"><bdi>${display_name}</bdi> bought ${quantity > 1 ? `${quantity} × ` : ''}<bdi>${product.title}</bdi></span></p>`;
  }

  #scrolled = (): void => {
    if (this.log.clientHeight !== this.#height) return this.#follow(); // the page moved, not the reader
    this.#isFollowing = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_PX;
    if (this.#isFollowing) this.fresh = 0;
  };

  #follow(): void {
    this.#height = this.log.clientHeight;
    if (this.#isFollowing) this.log.scrollTop = this.log.scrollHeight;
  }

  #toEnd = (): void => {
    this.#isFollowing = true;
    this.fresh = 0;
    this.#follow();
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-chat': LcChat;
  }
}
