import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import type { Choice, DeviceTrouble } from '../net/camera';
import './lc-button';
import css from './lc-camera.css?inline';
import './lc-chip';
import './lc-icon';
import type { IconName } from './icons';
import './lc-level';
import { ask, base, sheet } from './shared';

export interface Reading {
  label: string;
  value: string;
}

/** The host's own picture, its devices and their level. Asks with `devices` (a `Choice`) and `open-camera`. Slot `foot` lies over the picture. */
@customElement('lc-camera')
export class LcCamera extends LitElement {
  static override styles = [base, sheet(css)];

  @property({ attribute: false }) stream: MediaStream | null = null;
  @property({ attribute: false }) cameras: MediaDeviceInfo[] = [];
  @property({ attribute: false }) microphones: MediaDeviceInfo[] = [];
  @property({ attribute: false }) choice: Choice = { cameraId: null, microphoneId: null };
  @property({ attribute: false }) trouble: DeviceTrouble | null = null;
  @property({ type: Boolean }) opening = false;
  @property({ attribute: false }) db: number | null = null;
  /** "720p · 30". */
  @property() format = '';
  @property({ attribute: false }) readings: Reading[] = [];
  @property() advice = '';
  @query('video') private video!: HTMLVideoElement;

  override render(): TemplateResult {
    return html`<section class="preview on-video" aria-label="Your camera">
        <video class="mirrored" autoplay muted playsinline disablepictureinpicture aria-label="Your camera, mirrored" ?hidden=${!this.stream}></video>
        <div class="over">${this.stream ? html`<lc-chip tone="plate">You, mirrored</lc-chip>` : nothing}<span class="grow"></span>${this.format ? html`<lc-chip tone="plate">${this.format}</lc-chip>` : nothing}</div>
        ${this.stream ? nothing : this.#closed()}
        <div class="foot"><slot name="foot"></slot></div>
      </section>
      <div class="card"><lc-level .db=${this.db}></lc-level>
        ${this.#select('Camera', 'camera', this.cameras, this.#current('video') ?? this.choice.cameraId, (cameraId) => ({ ...this.choice, cameraId }))}
        ${this.#select('Microphone', 'mic', this.microphones, this.#current('audio') ?? this.choice.microphoneId, (microphoneId) => ({ ...this.choice, microphoneId }))}
        ${this.readings.length ? html`<div class="grid">${this.readings.map(({ label, value }) => html`<span>${label}<b>${value}</b></span>`)}</div>` : nothing}
        ${this.advice ? html`<p class="advice">${this.advice}</p>` : nothing}</div>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('stream')) this.video.srcObject = this.stream;
  }

  #closed(): TemplateResult {
    const { trouble } = this;
    const title = trouble?.title ?? (this.opening ? 'Opening the camera' : 'The camera is off');
    const advice = trouble?.advice ?? (this.opening ? 'The browser may ask you for permission.' : 'Nobody sees you before you go live.');
    return html`<div class="trouble" role=${trouble ? 'alert' : 'status'}><lc-icon name=${trouble ? 'alert' : 'camera'}></lc-icon><h3>${title}</h3><p>${advice}</p>
      ${this.opening ? nothing : html`<lc-button variant="paper" @click=${() => ask(this, 'open-camera')}>${trouble ? 'Try again' : 'Open the camera'}</lc-button>`}</div>`;
  }

  #select(label: string, icon: IconName, devices: MediaDeviceInfo[], value: string | null, chosen: (id: string) => Choice): TemplateResult | typeof nothing {
    if (devices.length === 0) return nothing;
    return html`<span class="select"><lc-icon name=${icon}></lc-icon>
      <select aria-label=${label} @change=${(event: Event) => ask(this, 'devices', chosen((event.target as HTMLSelectElement).value))}>
        ${devices.map((device, index) => html`<option value=${device.deviceId} ?selected=${device.deviceId === value}>${device.label || `${label} ${index + 1}`}</option>`)}
      </select><lc-icon class="down" name="down"></lc-icon></span>`;
  }

  #current(kind: 'audio' | 'video'): string | null {
    const [track] = this.stream?.getTracks().filter((candidate) => candidate.kind === kind) ?? [];
    return track?.getSettings().deviceId ?? null;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-camera': LcCamera;
  }
}
