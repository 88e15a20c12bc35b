import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import '../elements/lc-banner';
import '../elements/lc-button';
import '../elements/lc-show-picker';
import '../elements/lc-staff-sign-in';
import '../elements/lc-toasts';
import type { LcToasts } from '../elements/lc-toasts';
import { base } from '../elements/shared';
import { Api, textOf, type Desk } from '../net/api';
import { Session } from '../net/session';
import type { List, Person, Show } from '../state/types';

/** Door of a staff page: sign in, choose a show, then the desk itself. The address names the show: `/studio/{id}`. */
export abstract class StaffPage extends LitElement {
  static override styles = [base, css`
    :host { display: block; min-block-size: 100dvh; }
    .door { display: flex; align-items: center; gap: var(--s-3); min-block-size: 3.25rem; padding: 0 var(--s-3) 0 var(--s-4); background: var(--surface); border-block-end: 1px solid var(--line); }
    .wait { padding: var(--s-8); text-align: center; color: var(--ink-3); }
    lc-toasts { inset-inline: var(--s-3) auto; inline-size: 19rem; justify-items: start; }
    @media (max-width: 899px) { lc-toasts { inset-inline: var(--s-3); inset-block-end: 4.5rem; inline-size: auto; justify-items: stretch; } }
    lc-banner { margin: var(--s-4); }
  `];

  /** "Studio", "Control". */
  protected abstract readonly place: string;
  protected abstract readonly desk: Desk;
  protected abstract readonly canCreate: boolean;
  protected abstract renderDesk(showId: string): TemplateResult;
  protected api!: Api;
  @property({ attribute: false }) viewer: Person | null = null;
  @state() protected showId: string | null = null;
  @state() private shows: Show[] | null = null;
  @state() private isOpen = false;
  @state() private isBusy = false;
  @state() private problem = '';
  @query('lc-toasts') protected toasts!: LcToasts;
  #session!: Session;

  override connectedCallback(): void {
    super.connectedCallback();
    this.api = new Api(this.desk);
    this.#session = new Session(this.api);
    document.body.classList.add('staff');
    addEventListener('popstate', this.#read);
    this.#read();
    void this.#enter(this.#open);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('popstate', this.#read);
  }

  override render(): TemplateResult {
    if (this.viewer && this.showId) return html`${this.renderDesk(this.showId)}<lc-toasts></lc-toasts>`;
    return html`<header class="door"><a class="brand" href="/">${this.place}</a><span class="grow"></span>
      ${this.viewer ? html`<span class="muted small"><bdi>${this.viewer.display_name}</bdi></span><lc-button variant="ghost" icon="exit" @click=${this.#signOut}>Sign out</lc-button>` : nothing}</header>
      ${this.#door()}<lc-toasts></lc-toasts>`;
  }

  /** What stands above the list of shows. */
  protected mine(shows: Show[]): Show[] {
    return shows;
  }

  #door(): TemplateResult {
    if (!this.isOpen) return html`<p class="wait" role="status">One moment.</p>`;
    if (!this.viewer) return html`<lc-staff-sign-in .place=${this.place.toLowerCase()} .busy=${this.isBusy} .problem=${this.problem} @sign-in=${this.#signIn}></lc-staff-sign-in>`;
    if (!this.shows) return this.problem ? html`<lc-banner tone="danger" icon="alert" role="alert">${this.problem}</lc-banner>` : html`<p class="wait" role="status">Loading your shows.</p>`;
    return html`<lc-show-picker .shows=${this.shows} ?canCreate=${this.canCreate} .busy=${this.isBusy} .problem=${this.problem} @pick=${(event: CustomEvent<string>) => this.#go(event.detail)} @create=${this.#create}></lc-show-picker>`;
  }

  /** A one-time link that was used up still finds the session it made. */
  readonly #open = async (): Promise<Person | null> => {
    try {
      return await this.#session.open();
    } catch (error) {
      const known = await this.#session.open();
      if (known) return known;
      throw error;
    }
  };

  async #enter(open: () => Promise<Person | null>): Promise<void> {
    this.isBusy = true;
    this.problem = '';
    try {
      this.viewer = await open();
      if (this.viewer) await this.#load();
    } catch (error) {
      this.problem = textOf(error);
    }
    this.isBusy = false;
    this.isOpen = true;
  }

  async #load(): Promise<void> {
    if (this.showId) return;
    const { items } = await this.api.get<List<Show>>('/shows', { status: 'live,paused,scheduled' });
    this.shows = this.mine(items).toSorted((a, b) => Number(b.status !== 'scheduled') - Number(a.status !== 'scheduled'));
    const running = this.shows.filter((show) => show.status === 'live' || show.status === 'paused');
    const [only] = running;
    if (only && running.length === 1 && location.hash !== '#shows') this.#go(only.id, true);
  }

  #go(showId: string, isRedirect = false): void {
    const address = `/${this.desk}/${showId}`;
    if (isRedirect) history.replaceState(null, '', address);
    else history.pushState(null, '', address);
    this.showId = showId;
  }

  readonly #read = (): void => {
    const [, place, id] = location.pathname.split('/');
    this.showId = place === this.desk && id ? decodeURIComponent(id) : null;
    if (!this.showId && this.viewer) void this.#enter(() => Promise.resolve(this.viewer));
  };

  #signIn = ({ detail }: CustomEvent<{ email: string; password: string }>): void => {
    void this.#enter(() => this.#session.signIn(detail.email, detail.password));
  };

  #signOut = (): void => {
    void this.#session.signOut().finally(() => location.assign(`/${this.desk}`));
  };

  #create = async ({ detail }: CustomEvent<Pick<Show, 'title' | 'starts_at' | 'kind'>>): Promise<void> => {
    this.isBusy = true;
    this.problem = '';
    try {
      this.#go((await this.api.post<Show>('/shows', detail)).id);
    } catch (error) {
      this.problem = textOf(error);
    }
    this.isBusy = false;
  };
}
