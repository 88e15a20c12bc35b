import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import staff from '../css/staff.css?inline';
import type { Sanction } from '../net/desk_requests';
import type { Message, Person } from '../state/types';
import { logTime, count } from '../state/words';
import './lc-avatar';
import './lc-banner';
import './lc-button';
import css from './lc-viewer-card.css?inline';
import { ask, base, sheet } from './shared';

const MUTES: { seconds: number; text: string }[] = [{ seconds: 60, text: 'Mute 1 min' }, { seconds: 600, text: '10 min' }, { seconds: 86_400, text: '1 day' }];
const LINES = 8;
const KIND: Record<Person['kind'], string> = { guest: 'Guest', account: 'Account', staff: 'Team' };

/** Who wrote the selected line: recent lines and what stands against them. Asks with `sanction` ({viewer, kind, seconds}) and `lift` (a sanction id). */
@customElement('lc-viewer-card')
export class LcViewerCard extends LitElement {
  static override styles = [base, sheet(staff), sheet(css)];

  @property({ attribute: false }) person: Person | null = null;
  /** Everything this page knows of them, oldest first. */
  @property({ attribute: false }) messages: Message[] = [];
  @property({ attribute: false }) sanctions: Sanction[] = [];
  @property({ type: Boolean }) canMute = false;
  @property({ type: Boolean }) canBan = false;

  override render(): TemplateResult {
    const { person } = this;
    if (!person) return html`<p class="empty">Select a message to see who wrote it.</p>`;
    const standing = this.sanctions.filter(({ until }) => until === null || Date.parse(until) > Date.now());
    return html`<section aria-label="Viewer"><div class="who"><lc-avatar .name=${person.display_name} aria-hidden="true"></lc-avatar>
        <div><h2><bdi>${person.display_name}</bdi></h2><p class="muted small">${person.role === 'viewer' ? KIND[person.kind] : person.role}</p></div></div>
      ${this.#facts()}${standing.map((sanction) => this.#standing(sanction))}
      ${person.role === 'viewer' ? this.#sanctionable(person) : nothing}${this.#history()}</section>`;
  }

  #facts(): TemplateResult {
    const hidden = this.messages.filter(({ state }) => state === 'hidden').length;
    const facts: [string, number][] = [['Messages seen', this.messages.length], ['Hidden', hidden], ['Sanctions', this.sanctions.length]];
    return html`<div class="facts">${facts.map(([label, value]) => html`<span>${label}<b>${count(value)}</b></span>`)}</div>`;
  }

  #standing(sanction: Sanction): TemplateResult {
    const until = sanction.until === null ? 'for good' : `until ${logTime(sanction.until)}`;
    return html`<div class="stands"><lc-banner tone="warn" icon=${sanction.kind === 'ban' ? 'ban' : 'muted'}>${sanction.kind === 'ban' ? 'Banned' : 'Muted'} ${until} by ${sanction.by.display_name}
      <lc-button slot="action" variant="plain" @click=${() => ask(this, 'lift', sanction.id)}>Lift</lc-button></lc-banner></div>`;
  }

  #sanctionable(person: Person): TemplateResult | typeof nothing {
    if (!this.canMute && !this.canBan) return nothing;
    return html`<div class="sanction" role="group" aria-label="Sanctions">
      ${this.canMute ? MUTES.map(({ seconds, text }) => html`<lc-button variant="outline" label=${`Mute ${text.replace('Mute ', '')}: ${person.display_name}`} @click=${() => ask(this, 'sanction', { viewer: person, kind: 'mute', seconds })}>${text}</lc-button>`) : nothing}
      ${this.canBan ? html`<lc-button class="ban" variant="outline" label=${`Ban ${person.display_name}`} @click=${() => ask(this, 'sanction', { viewer: person, kind: 'ban', seconds: null })}>Ban</lc-button>` : nothing}</div>`;
  }

  #history(): TemplateResult {
    return html`<ul class="hist" aria-label="Recent lines">${this.messages.slice(-LINES).reverse().map(({ at, text, state }) => html`<li><time datetime=${at}>${logTime(at)}</time><bdi class=${state === 'hidden' ? 'gone' : ''}>${text}</bdi></li>`)}</ul>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-viewer-card': LcViewerCard;
  }
}
