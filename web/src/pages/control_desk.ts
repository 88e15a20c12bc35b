import { LitElement, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import staffbar from '../css/staffbar.css?inline';
import type { LcFeed } from '../elements/lc-feed';
import type { LineAct } from '../elements/lc-line';
import { ask, base, sheet } from '../elements/shared';
import { textOf, type Api } from '../net/api';
import { DeskRequests, type AuditRow, type Sanction } from '../net/desk_requests';
import { Shortcuts, type Shortcut } from '../shortcuts';
import { type MessageLine } from '../state/desk';
import type { Message, Person } from '../state/types';
import { controlView } from './control_view';
import css from './control_desk.css?inline';
import { DeskShow } from './desk_show';
import { Narrow } from './narrow';

const AUDITED = new Set(['chat.hidden', 'chat.released', 'chat_mode.changed', 'viewer.muted', 'viewer.banned', 'product.pinned', 'product.unpinned', 'sale.opened', 'sale.closed', 'show.started', 'show.paused', 'show.resumed', 'show.ended']);
const AUDIT_MS = 1000;

/** One show in the control panel: owns what is selected and what is asked; `control_view` says how it looks. */
@customElement('lc-control')
export class LcControl extends LitElement {
  static override styles = [base, sheet(staffbar), sheet(css)];

  @property({ attribute: false }) api!: Api;
  @property({ attribute: false }) showId = '';
  @state() selected: string | null = null;
  @state() answering: MessageLine | null = null;
  @state() chatProblem = '';
  @state() sanctions: Sanction[] = [];
  @state() audit: AuditRow[] = [];
  @state() dialog: 'keys' | 'pin' | 'mute' | null = null;
  @state() place = 'chat';
  desk!: DeskShow;
  requests!: DeskRequests;
  readonly narrow = new Narrow(this);
  @query('lc-feed') feed!: LcFeed | null;
  #audit: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    this.desk ??= new DeskShow(this, this.api, this.showId);
    this.requests ??= new DeskRequests(this.api, this.showId);
    new Shortcuts(this, () => this.shortcuts());
    this.desk.onEvent = ({ type }) => AUDITED.has(type) && this.#auditSoon();
    super.connectedCallback();
    this.#auditSoon();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#audit);
  }

  override render(): TemplateResult {
    const title = this.desk.show?.show.title;
    document.title = title ? `${title} · Control` : 'Control · livecommerce';
    return controlView(this);
  }

  get line(): MessageLine | null {
    return this.find(this.selected);
  }

  find(id: string | null): MessageLine | null {
    const line = this.desk.desk.lines.find((other) => other.id === id);
    return line?.kind === 'message' ? line : null;
  }

  messagesOf(person: Person | undefined): Message[] {
    return this.desk.desk.lines.flatMap((line) => (line.kind === 'message' && line.message.author.id === person?.id ? [line.message] : []));
  }

  /** What may be done with a line: never to an equal or higher role. */
  actsOf = ({ message }: MessageLine): LineAct[] => {
    const isViewer = message.author.role === 'viewer';
    const all: [boolean, LineAct][] = [
      [message.state === 'held' && this.desk.may('chat.hide'), { act: 'show', key: 'Y', label: 'Show', icon: 'eye' }],
      [message.state !== 'hidden' && this.desk.may('chat.hide'), { act: 'hide', key: 'H', label: 'Hide', icon: 'hide' }],
      [isViewer && this.desk.may('viewer.mute'), { act: 'mute', key: 'M', label: 'Mute', icon: 'muted' }],
      [isViewer && this.desk.may('viewer.ban'), { act: 'ban', key: 'B', label: 'Ban', icon: 'ban' }],
      [message.state === 'shown', { act: 'reply', key: 'R', label: 'Reply', icon: 'reply' }],
    ];
    return all.filter(([isAllowed]) => isAllowed).map(([, act]) => act);
  };

  act = (act: LineAct['act'], id: string): void => {
    const line = this.find(id);
    if (!line || !this.actsOf(line).some((other) => other.act === act)) return;
    if (act === 'hide') void this.hide(line.message);
    else if (act === 'show') void this.release(id);
    else if (act === 'mute') this.dialog = 'mute';
    else if (act === 'ban') void this.sanction(line.message.author, 'ban', null);
    else this.reply(line);
  };

  reply(line: MessageLine): void {
    this.answering = line;
    void this.updateComplete.then(() => this.feed?.focusField());
  }

  async hide(message: Message): Promise<void> {
    if (!(await this.#try(() => this.requests.hide(message.id)))) return;
    this.desk.mark(message.id, 'hidden');
    const undo = message.state === 'shown' ? { action: 'Undo', onAction: () => void this.release(message.id) } : {};
    ask(this, 'toast', { text: `Hidden: a message by ${message.author.display_name}`, ...undo });
  }

  async release(id: string): Promise<void> {
    if (await this.#try(() => this.requests.release(id))) this.desk.mark(id, 'shown');
  }

  async sanction(person: Person, kind: 'mute' | 'ban', seconds: number | null): Promise<void> {
    this.dialog = null;
    const reason = this.line?.message.text.slice(0, 200) ?? '';
    await this.#try(async () => {
      const given = await this.requests.sanction(person.id, kind, seconds, reason);
      this.sanctions = [...this.sanctions, given];
      ask(this, 'toast', { text: `${kind === 'ban' ? 'Banned' : 'Muted'}: ${person.display_name}`, action: 'Undo', onAction: () => void this.lift(given.id) });
    });
  }

  async lift(sanctionId: string): Promise<void> {
    if (await this.#try(() => this.requests.lift(sanctionId))) this.sanctions = this.sanctions.filter(({ id }) => id !== sanctionId);
  }

  setMode = (change: Parameters<DeskRequests['setMode']>[0]): void => void this.#try(() => this.requests.setMode(change)).then(() => this.requestUpdate());
  togglePin = (productId: string): void => {
    const isPinned = this.desk.show?.pins.some((pin) => pin.product_id === productId) ?? false;
    void this.#try(() => (isPinned ? this.requests.unpin(productId) : this.requests.pin(productId)));
  };

  post = async (text: string): Promise<void> => {
    const replyTo = this.answering?.id;
    this.answering = null;
    this.chatProblem = '';
    await this.requests.post(text, replyTo).catch((error: unknown) => (this.chatProblem = textOf(error)));
  };

  shortcuts(): Shortcut[] {
    const onLine = (act: LineAct['act']) => (): void => void (this.selected && this.act(act, this.selected));
    const [held] = this.desk.desk.held;
    return [
      { key: 'j', label: 'next', run: () => this.#step(1), repeats: true },
      { key: 'k', label: 'previous', run: () => this.#step(-1), repeats: true },
      { key: 'h', label: 'hide', run: onLine('hide') },
      { key: 'm', label: 'mute', run: onLine('mute') },
      { key: 'b', label: 'ban', run: onLine('ban') },
      { key: 'r', label: 'reply', run: onLine('reply') },
      { key: 'p', label: 'pin', run: () => (this.dialog = this.desk.may('product.pin') ? 'pin' : null) },
      { key: 'y', label: 'show held', run: () => held && void this.release(held.id) },
      { key: 'n', label: 'hide held', run: () => held && void this.hide(held) },
      { key: 'z', label: 'undo', run: () => ask(this, 'undo') },
      { key: '/', label: 'write', run: () => this.feed?.focusField() },
      { key: 'escape', label: 'let go', run: () => (this.selected = null) },
      { key: '?', label: 'keys', run: () => (this.dialog = 'keys') },
    ];
  }

  /** J and K walk over messages; from nothing selected they start at the newest. */
  #step(by: number): void {
    const ids = (this.feed?.shown ?? []).filter((line) => line.kind === 'message').map(({ id }) => id);
    const at = this.selected === null ? ids.length : ids.indexOf(this.selected);
    const next = Math.max(0, Math.min(ids.length - 1, this.selected === null ? ids.length - 1 : at + by));
    this.selected = ids[next] ?? null;
  }

  async #try(run: () => Promise<unknown>): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (error) {
      ask(this, 'toast', { text: textOf(error) });
      return false;
    }
  }

  /** Rows of the audit trail and sanctions, once for a burst of events. */
  #auditSoon(): void {
    clearTimeout(this.#audit);
    this.#audit = setTimeout(() => void this.#fetchAudit(), AUDIT_MS);
  }

  async #fetchAudit(): Promise<void> {
    const [audit, sanctions] = await Promise.all([this.requests.audit().catch(() => null), this.requests.sanctions().catch(() => null)]);
    if (audit) this.audit = audit;
    if (sanctions) this.sanctions = sanctions;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-control': LcControl;
  }
}
