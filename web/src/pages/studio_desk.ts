import { LitElement, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import '../elements/lc-banner';
import '../elements/lc-button';
import '../elements/lc-camera';
import '../elements/lc-dialog';
import '../elements/lc-flash-composer';
import '../elements/lc-go-live';
import '../elements/lc-keys';
import '../elements/lc-numbers';
import '../elements/lc-peek';
import '../elements/lc-product-picker';
import '../elements/lc-prompter';
import '../elements/lc-remote';
import '../elements/lc-run-sheet';
import { ask, base, sheet } from '../elements/shared';
import staffbar from '../css/staffbar.css?inline';
import { textOf, type Api } from '../net/api';
import { DeskRequests } from '../net/desk_requests';
import { Shortcuts, type Shortcut } from '../shortcuts';
import { isQuestion } from '../state/desk';
import type { Offer } from '../state/offer';
import type { FlashSale, Message, Product } from '../state/types';
import { Broadcast } from './broadcast';
import { DeskShow } from './desk_show';
import { Narrow } from './narrow';
import css from './studio_desk.css?inline';
import { studioView } from './studio_view';

/** One show in the studio: owns what is known and what is asked; `studio_view` says how it looks. */
@customElement('lc-studio')
export class LcStudio extends LitElement {
  static override styles = [base, sheet(staffbar), sheet(css)];

  @property({ attribute: false }) api!: Api;
  @property({ attribute: false }) showId = '';
  @state() composing: string | null = null;
  @state() saleProblem = '';
  @state() chatProblem = '';
  @state() startProblem = '';
  @state() catalogue: Product[] | null = null;
  @state() dialog: 'add' | 'end' | 'keys' | null = null;
  @state() place = 'run';
  @state() busy: string | null = null;
  @state() answered: ReadonlySet<string> = new Set();
  @state() later: readonly string[] = [];
  desk!: DeskShow;
  broadcast!: Broadcast;
  requests!: DeskRequests;
  readonly narrow = new Narrow(this);
  #hiddenAt: number | null = null;

  override connectedCallback(): void {
    this.desk ??= new DeskShow(this, this.api, this.showId);
    this.broadcast ??= new Broadcast(this, this.api, this.showId);
    this.requests ??= new DeskRequests(this.api, this.showId);
    new Shortcuts(this, () => this.shortcuts());
    super.connectedCallback();
    document.addEventListener('visibilitychange', this.#visible);
    if (!this.narrow.matches) void this.broadcast.open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('visibilitychange', this.#visible);
  }

  override render(): TemplateResult {
    const { show } = this.desk;
    document.title = show ? `${this.broadcast.isOurs ? '● ' : ''}${show.show.title} · Studio` : 'Studio · livecommerce';
    return studioView(this);
  }

  get lineup(): Product[] {
    return this.desk.show?.lineup ?? [];
  }

  /** What the chat asks and the host has not answered, oldest first; put off ones come last. */
  get questions(): Message[] {
    const open = (this.desk.show?.messages ?? []).filter((message) => isQuestion(message) && !this.answered.has(message.id));
    const isLater = (message: Message): boolean => this.later.includes(message.id);
    return [...open.filter((message) => !isLater(message)), ...this.later.flatMap((id) => open.filter((message) => message.id === id))];
  }

  saleOf(productId: string): FlashSale | null {
    return this.desk.show?.sales.find((sale) => sale.product_id === productId) ?? null;
  }

  isPinned(productId: string): boolean {
    return this.desk.show?.pins.some((pin) => pin.product_id === productId) ?? false;
  }

  /** Ask the server for something; a refusal becomes a toast, or goes where `told` puts it. */
  async request(name: string, run: () => Promise<unknown>, told?: (problem: string) => void): Promise<boolean> {
    this.busy = name;
    told?.('');
    try {
      await run();
      return true;
    } catch (error) {
      if (told) told(textOf(error));
      else ask(this, 'toast', { text: textOf(error) });
      return false;
    } finally {
      this.busy = null;
    }
  }

  goLive = async (): Promise<void> => {
    const told = (problem: string): void => void (this.startProblem = problem);
    if (this.desk.show?.show.status !== 'scheduled' || (await this.request('start', this.requests.start, told))) await this.broadcast.start();
  };

  end = async (): Promise<void> => {
    this.dialog = null;
    if (await this.request('end', this.requests.end)) await this.broadcast.stop();
  };

  togglePin = (productId: string | undefined): void => {
    if (productId) void this.request('pin', () => (this.isPinned(productId) ? this.requests.unpin(productId) : this.requests.pin(productId)));
  };

  unpin = (): void => {
    const [pin] = this.desk.show?.pins ?? [];
    if (pin) void this.request('pin', () => this.requests.unpin(pin.product_id));
  };

  compose = (productId: string | null | undefined): void => {
    this.saleProblem = '';
    this.composing = productId && this.composing !== productId ? productId : null;
  };

  openSale = async (offer: Offer): Promise<void> => {
    const isDone = await this.request('sale', () => this.requests.openSale(offer), (problem) => (this.saleProblem = problem));
    if (isDone) this.composing = null;
  };

  closeSale = async (saleId: string): Promise<void> => {
    const isDone = await this.request('sale', () => this.requests.closeSale(saleId), (problem) => (this.saleProblem = problem));
    if (isDone) this.composing = null;
  };

  add = async (): Promise<void> => {
    this.dialog = 'add';
    await this.request('catalogue', async () => (this.catalogue = await this.requests.products()));
  };

  post = (text: string): void => {
    void this.request('post', () => this.requests.post(text), (problem) => (this.chatProblem = problem));
  };

  answer = (id: string | undefined): void => {
    if (id) this.answered = new Set([...this.answered, id]);
  };

  putOff = (id: string | undefined): void => {
    if (id) this.later = [...this.later.filter((other) => other !== id), id];
  };

  shortcuts(): Shortcut[] {
    const pins = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n): Shortcut => ({ key: String(n), label: 'pin', run: () => this.togglePin(this.lineup[n - 1]?.id) }));
    return [
      ...pins,
      { key: 'u', label: 'unpin', run: this.unpin },
      { key: 'f', label: 'flash sale', run: () => this.compose(this.desk.show?.pins[0]?.product_id) },
      { key: 'a', label: 'answered', run: () => this.answer(this.questions[0]?.id) },
      { key: 'l', label: 'later', run: () => this.putOff(this.questions[0]?.id) },
      { key: '?', label: 'keys', run: () => (this.dialog = 'keys') },
    ];
  }

  readonly #visible = (): void => {
    if (document.visibilityState === 'hidden') this.#hiddenAt = this.broadcast.isOurs ? Date.now() : null;
    else if (this.#hiddenAt !== null && Date.now() - this.#hiddenAt > 3000) {
      ask(this, 'toast', { text: 'This page was in the background. On a phone the picture freezes then: keep it in front.' });
    }
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-studio': LcStudio;
  }
}
