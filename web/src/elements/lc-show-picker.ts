import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Show } from '../state/types';
import { dayTime } from '../state/words';
import './lc-banner';
import './lc-button';
import './lc-chip';
import './lc-field';
import './lc-panel';
import { ask, base } from './shared';
import './lc-switch';

/** Shows to work on, live ones first. Asks with `pick` (a show id) and, where `canCreate`, `create` ({title, starts_at, kind}). */
@customElement('lc-show-picker')
export class LcShowPicker extends LitElement {
  static override styles = [base, css`
    :host { display: grid; justify-content: center; align-content: start; gap: var(--s-4); padding: var(--s-8) var(--s-4); grid-template-columns: minmax(0, 42rem); }
    h1 { font-size: var(--t-2xl); }
    li { display: flex; align-items: center; gap: var(--s-3); min-block-size: 4rem; padding: var(--s-2) var(--s-4); border-block-start: 1px solid var(--line); }
    b.clip { display: block; }
    li small { display: block; color: var(--ink-3); font-size: var(--t-s); }
    .none { padding: var(--s-4); color: var(--ink-3); border-block-start: 1px solid var(--line); }
    form { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: var(--s-3); align-items: end; padding: 0 var(--s-4) var(--s-4); }
    @media (max-width: 599px) { form { grid-template-columns: minmax(0, 1fr); } }
  `];

  @property({ attribute: false }) shows: Show[] = [];
  @property({ type: Boolean }) canCreate = false;
  @property({ type: Boolean }) busy = false;
  @property() problem = '';
  @state() private draft = '';
  @state() private isRehearsal = false;

  override render(): TemplateResult {
    return html`<h1>Your shows</h1>
      ${this.problem ? html`<lc-banner tone="danger" icon="alert" role="alert">${this.problem}</lc-banner>` : nothing}
      <lc-panel heading="Live and upcoming">${this.shows.length ? html`<ul>${this.shows.map((show) => this.#row(show))}</ul>`
        : html`<p class="none">${this.canCreate ? 'No show is planned. Make one below.' : 'You moderate no show right now.'}</p>`}</lc-panel>
      ${this.canCreate ? this.#create() : nothing}`;
  }

  #row(show: Show): TemplateResult {
    const isOn = show.status === 'live' || show.status === 'paused';
    return html`<li><span class="grow"><b class="clip">${show.title}</b><small>${this.#when(show)} · ${show.host.display_name}</small></span>
      ${isOn ? html`<lc-chip tone="live">${show.status === 'live' ? 'LIVE' : 'PAUSED'}</lc-chip>` : nothing}
      ${show.kind === 'rehearsal' ? html`<lc-chip tone="warn">Rehearsal</lc-chip>` : nothing}
      <lc-button variant="outline" label=${`Open ${show.title}`} @click=${() => ask(this, 'pick', show.id)}>Open</lc-button></li>`;
  }

  #when(show: Show): string {
    if (show.started_at) return `since ${dayTime(show.started_at)}`;
    return show.starts_at ? dayTime(show.starts_at) : 'no time yet';
  }

  #create(): TemplateResult {
    return html`<lc-panel heading="New show"><form @submit=${this.#submit}>
      <lc-field label="Title" maxlength="120" required placeholder="Kiln opening: autumn glazes" .value=${this.draft} @input=${(event: Event) => (this.draft = (event.target as HTMLInputElement).value)}></lc-field>
      <lc-button type="submit" variant="primary" ?busy=${this.busy}>Schedule for now</lc-button>
      <lc-switch .checked=${this.isRehearsal} @change=${(event: Event) => (this.isRehearsal = (event.target as HTMLInputElement).checked)}>Rehearsal: nobody outside can see it</lc-switch></form></lc-panel>`;
  }

  #submit = (event: Event): void => {
    event.preventDefault();
    const title = this.draft.trim();
    if (title) ask(this, 'create', { title, starts_at: new Date().toISOString(), kind: this.isRehearsal ? 'rehearsal' : 'show' });
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-show-picker': LcShowPicker;
  }
}
