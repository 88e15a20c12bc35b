import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { Api } from '../net/api';
import { Picture, type Path } from '../net/picture';
import type { Playback } from '../state/types';
import './lc-chip';
import css from './lc-player.css?inline';
import { ask, base, sheet } from './shared';

const STALL_MS = 1_500;
const WHOLE_BELOW = 0.5; // of a picture's width

export interface PlayerStatus {
  isMuted: boolean;
  /** The browser allowed no sound without a touch: "Tap for sound". */
  isMutedByBrowser: boolean;
  isPaused: boolean;
  isStalled: boolean;
  path: Path | null;
  lagS: number | null;
  height: number;
}

/**
 * The picture of a show: WHEP, HLS when that fails. Starts with sound where the browser allows it, else muted.
 *
 * Tells `player-status` with a `PlayerStatus` when it changes. The picture is no tab stop; the page brings the controls.
 */
@customElement('lc-player')
export class LcPlayer extends LitElement {
  static override styles = [base, sheet(css)];

  @property({ attribute: false }) api: Api | undefined;
  @property({ attribute: false }) playback: Playback | null = null;
  @property() poster: string | null = null;
  /** A sheet covers the lower part: the picture moves up. */
  @property({ type: Boolean, reflect: true }) lifted = false;
  /** Filling the box would cut away more than half of a wide picture: it is shown whole. */
  @property({ type: Boolean, reflect: true }) whole = false;
  @state() private hasPicture = false;
  @state() private isStalled = false;
  @query('video') private video!: HTMLVideoElement;
  #picture: Picture | null = null;
  #isMutedByBrowser = false;
  #isPausedByViewer = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #lastTime = { at: 0, media: -1 };

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => this.#watch(), 500);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
    this.#picture?.stop();
  }

  /** Where this viewer's picture is on the stream's timeline; null when that is not known. */
  mediaNow(): number | null {
    return this.#picture?.clock.now() ?? null;
  }

  /** An event says where the stream was at a time of the server. */
  mark(mediaTs: number, atMs: number): void {
    this.#picture?.clock.mark(mediaTs, atMs);
  }

  toggleSound(): void {
    this.video.muted = !this.video.muted;
    this.#isMutedByBrowser = false;
    if (this.video.paused && !this.#isPausedByViewer) void this.#play();
  }

  togglePause(): void {
    this.#isPausedByViewer = !this.video.paused;
    if (this.#isPausedByViewer) this.video.pause();
    else void this.#play();
  }

  async togglePip(): Promise<void> {
    if (document.pictureInPictureElement) await document.exitPictureInPicture();
    else await this.video.requestPictureInPicture();
  }

  override render(): TemplateResult {
    return html`${this.poster && !this.hasPicture ? html`<img class="poster" src=${this.poster} alt="" />` : nothing}
      <video class=${this.hasPicture ? '' : 'empty'} playsinline tabindex="-1" aria-hidden="true" disableremoteplayback
        @loadeddata=${this.#loaded} @volumechange=${this.#tell} @pause=${this.#tell} @playing=${this.#tell} @resize=${this.#tell}></video>
      ${this.isStalled ? html`<div class="note" role="status"><lc-chip tone="plate" icon="refresh">The picture is catching up</lc-chip></div>` : nothing}
      <slot name="captions"></slot><slot></slot>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (this.api && !this.#picture) this.#picture = new Picture(this.video, this.api, () => this.#started());
    if (changed.has('playback') && this.playback) this.#picture?.follow(this.playback);
  }

  #started(): void {
    if (this.#picture?.path && !this.#isPausedByViewer) void this.#play();
    this.#tell();
  }

  async #play(): Promise<void> {
    try {
      await this.video.play();
    } catch (error) {
      if ((error as DOMException).name !== 'NotAllowedError' || this.video.muted) return;
      this.video.muted = this.#isMutedByBrowser = true;
      await this.video.play().catch(() => undefined);
    }
    this.#tell();
  }

  #loaded = (): void => {
    this.hasPicture = true;
    this.#tell();
  };

  /** A picture that stands still for 1.5 s while it should run has stalled. */
  #watch(): void {
    const { currentTime: media, paused } = this.video;
    const now = performance.now();
    if (media !== this.#lastTime.media || paused) this.#lastTime = { at: now, media };
    const isLive = this.playback?.state === 'live' && this.hasPicture && !paused;
    const isStalled = isLive && now - this.#lastTime.at > STALL_MS;
    if (isStalled !== this.isStalled) this.isStalled = isStalled;
    this.whole = this.#isCutTooMuch();
    this.#tell();
  }

  #isCutTooMuch(): boolean {
    const { videoWidth, videoHeight, clientWidth, clientHeight } = this.video;
    if (!videoHeight || !clientHeight) return false;
    return clientWidth / clientHeight / (videoWidth / videoHeight) < WHOLE_BELOW;
  }

  #tell = (): void => {
    const { video } = this;
    const status: PlayerStatus = {
      isMuted: video.muted,
      isMutedByBrowser: this.#isMutedByBrowser && video.muted,
      isPaused: video.paused,
      isStalled: this.isStalled,
      path: this.#picture?.path ?? null,
      lagS: this.#picture?.lag() ?? null,
      height: Math.min(video.videoHeight, video.videoWidth),
    };
    ask(this, 'player-status', status);
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-player': LcPlayer;
  }
}
