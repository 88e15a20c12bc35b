/**
 * The host's own camera and the way it leaves the studio.
 *
 * The camera belongs to the page until it is closed; the publisher to a broadcast. Readings are taken once a second while
 * sending, the level five times a second while the camera is open.
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Api } from '../net/api';
import { listDevices, openDevices, rememberChoice, rememberedChoice, troubleOf, type Choice, type DeviceTrouble } from '../net/camera';
import { Loudness } from '../net/loudness';
import { Publisher, type PublisherState } from '../net/publisher';
import { readSender, type SenderSample } from '../net/sender_stats';
import type { StreamReport } from '../state/health';

const LEVEL_MS = 200;
const READING_MS = 1000;
/** The server reports every second; browsers notice a dead connection only after eight. */
const SILENT_MS = 3000;

export class Broadcast implements ReactiveController {
  stream: MediaStream | null = null;
  cameras: MediaDeviceInfo[] = [];
  microphones: MediaDeviceInfo[] = [];
  choice: Choice = rememberedChoice();
  trouble: DeviceTrouble | null = null;
  isOpening = false;
  db: number | null = null;
  sample: SenderSample | null = null;
  readonly #publisher: Publisher;
  #loudness: Loudness | null = null;
  #lock: WakeLockSentinel | null = null;
  #timers: ReturnType<typeof setInterval>[] = [];

  constructor(private readonly host: ReactiveControllerHost, private readonly api: Api, showId: string) {
    host.addController(this);
    this.#publisher = new Publisher({
      url: `/api/v1/shows/${showId}/whip`,
      send: (method, url, init) => fetch(url, { method, credentials: 'same-origin', keepalive: method === 'DELETE', ...init, headers: { ...init?.headers, ...api.headers(method) } }),
      isTaken: async () => (await this.api.get<StreamReport>(`/shows/${showId}/stream`)).state === 'live',
    });
    this.#publisher.addEventListener('change', () => this.#changed());
  }

  get sending(): PublisherState {
    return this.#publisher.state;
  }

  get isOurs(): boolean {
    return ['connecting', 'sending', 'retrying'].includes(this.sending.phase);
  }

  hostConnected(): void {
    this.#timers = [setInterval(() => this.#listen(), LEVEL_MS), setInterval(() => void this.#read(), READING_MS)];
    document.addEventListener('visibilitychange', this.#visible);
    addEventListener('beforeunload', this.#leaving);
    addEventListener('pagehide', this.#gone);
  }

  hostDisconnected(): void {
    for (const timer of this.#timers) clearInterval(timer);
    document.removeEventListener('visibilitychange', this.#visible);
    removeEventListener('beforeunload', this.#leaving);
    removeEventListener('pagehide', this.#gone);
    this.#gone();
  }

  /** Open the camera and the microphone, or others than before. A running broadcast goes on with the new ones. */
  async open(choice: Choice = this.choice): Promise<void> {
    this.isOpening = true;
    this.trouble = null;
    this.host.requestUpdate();
    try {
      const stream = await openDevices(choice);
      const before = this.stream;
      this.#use(stream);
      for (const track of stream.getTracks()) await this.#publisher.replaceTrack(stream, track);
      before?.getTracks().forEach((track) => track.stop());
      this.choice = choice;
      rememberChoice(choice);
    } catch (error) {
      this.trouble = troubleOf(error);
    }
    this.isOpening = false;
    Object.assign(this, await listDevices());
    this.host.requestUpdate();
  }

  /** Send this camera to the show; whoever sends now is taken over from. */
  async start(): Promise<void> {
    if (!this.stream) await this.open();
    if (!this.stream) return;
    await this.#publisher.start(this.stream);
    await this.#stayAwake();
  }

  async stop(): Promise<void> {
    await this.#publisher.stop();
    await this.#lock?.release();
    this.#lock = null;
  }

  #use(stream: MediaStream): void {
    this.stream = stream;
    void this.#loudness?.close();
    this.#loudness = stream.getAudioTracks().length ? new Loudness(stream) : null;
    for (const track of stream.getTracks()) track.addEventListener('ended', () => this.#ended(stream), { once: true });
  }

  /** A device was unplugged or taken away; `stop()` of our own fires no event. */
  #ended(stream: MediaStream): void {
    if (stream !== this.stream) return;
    this.trouble = { title: 'A device was disconnected', advice: 'Plug it in again, or choose another one.' };
    this.stream = null;
    this.db = null;
    void listDevices().then((devices) => Object.assign(this, devices)).then(() => this.host.requestUpdate());
  }

  #listen(): void {
    if (!this.#loudness || !this.stream) return;
    this.db = this.#loudness.read();
    this.host.requestUpdate();
  }

  async #read(): Promise<void> {
    const { peer } = this.#publisher;
    const before = this.sample;
    this.sample = peer && this.sending.phase === 'sending' ? await readSender(peer, before).catch(() => null) : null;
    if ((this.sample?.silentMs ?? 0) > SILENT_MS) this.#publisher.lost();
    if (this.sample || before) this.host.requestUpdate();
  }

  #changed(): void {
    this.host.requestUpdate();
  }

  async #stayAwake(): Promise<void> {
    this.#lock = await navigator.wakeLock?.request('screen').catch(() => null) ?? null;
  }

  /** The lock ends whenever the page is hidden. */
  readonly #visible = (): void => {
    if (document.visibilityState === 'visible' && this.isOurs) void this.#stayAwake();
    this.host.requestUpdate();
  };

  readonly #leaving = (event: BeforeUnloadEvent): void => {
    if (this.isOurs) event.preventDefault();
  };

  readonly #gone = (): void => {
    void this.stop();
    void this.#loudness?.close();
    this.#loudness = null;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  };
}
