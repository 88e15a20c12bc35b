/** One WHIP session (RFC 9725): the offer goes up, the answer comes down, DELETE ends it. */

export type Send = (method: string, url: string, init?: { body?: string; headers?: Record<string, string> }) => Promise<Response>;

export interface WhipOptions {
  /** Address of the show's WHIP door. */
  url: string;
  /** What the camera and the microphone give; its tracks stay ours when the session ends. */
  stream: MediaStream;
  /** Sends a request with the session's credentials. */
  send: Send;
  /** Upper bound of the video, in kbit/s. */
  maxVideoKbps?: number;
  createPeer?: () => RTCPeerConnection;
}

/** The door refused; `code` is the server's stable word for why. */
export class WhipRefused extends Error {
  constructor(readonly status: number, readonly code: string, message: string, readonly retryAfterS: number | null) {
    super(message);
    this.name = 'WhipRefused';
  }
}

/** The server is ICE-lite and learns our address from our checks, so a few candidates are enough. */
const GATHERING_MS = 400;
const DEFAULT_VIDEO_KBPS = 2500;
const AUDIO_KBPS = 96;

/** H.264 first (every viewer can play it, and LL-HLS needs it), constrained baseline in packetization mode 1 before the rest. */
export function preferH264(codecs: readonly RTCRtpCodec[]): RTCRtpCodec[] {
  const rank = (codec: RTCRtpCodec): number => {
    if (codec.mimeType.toLowerCase() !== 'video/h264') return 4;
    const line = (codec.sdpFmtpLine ?? '').toLowerCase();
    const baseline = /profile-level-id=42[ce]0/.test(line);
    const interleaved = line.includes('packetization-mode=1');
    return baseline && interleaved ? 0 : interleaved ? 1 : baseline ? 2 : 3;
  };
  return [...codecs].sort((a, b) => rank(a) - rank(b));
}

function chooseCodecs(transceiver: RTCRtpTransceiver): void {
  for (const side of [RTCRtpSender, RTCRtpReceiver]) {
    try {
      transceiver.setCodecPreferences(preferH264(side.getCapabilities('video')?.codecs ?? []));
      return;
    } catch {
      // Older browsers accept only what they can also receive: the second round offers that.
    }
  }
}

/** Sharpness is what sells: drop pictures before pixels, so that the recording keeps one size. */
async function shape(sender: RTCRtpSender, kbps: number): Promise<void> {
  const parameters = sender.getParameters() as RTCRtpSendParameters & { degradationPreference?: string };
  if (sender.track?.kind === 'video') parameters.degradationPreference = 'maintain-resolution';
  for (const encoding of parameters.encodings) encoding.maxBitrate = kbps * 1000;
  await sender.setParameters(parameters).catch(() => undefined);
}

async function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === 'complete') return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, GATHERING_MS);
    peer.addEventListener('icegatheringstatechange', () => {
      if (peer.iceGatheringState !== 'complete') return;
      clearTimeout(timer);
      resolve();
    });
  });
}

async function refusal(response: Response): Promise<WhipRefused> {
  const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string; retry_after_s?: number };
  const after = problem.retry_after_s ?? Number(response.headers.get('Retry-After') ?? Number.NaN);
  const text = problem.detail ?? problem.title ?? 'The server did not take the broadcast.';
  return new WhipRefused(response.status, problem.code ?? 'refused', text, Number.isFinite(after) ? after : null);
}

export class WhipSession {
  private constructor(readonly peer: RTCPeerConnection, private readonly location: string, private readonly send: Send) {}

  /** Publish; resolves when the server answered, not yet when the picture flows. Throws `WhipRefused`. */
  static async open(options: WhipOptions): Promise<WhipSession> {
    const peer = options.createPeer?.() ?? new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    try {
      const senders = offerTracks(peer, options.stream);
      await peer.setLocalDescription(await peer.createOffer());
      await gathered(peer);
      const sdp = peer.localDescription?.sdp ?? '';
      const response = await options.send('POST', options.url, { body: sdp, headers: { 'Content-Type': 'application/sdp' } });
      if (response.status !== 201) throw await refusal(response);
      await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() });
      for (const sender of senders) {
        await shape(sender, sender.track?.kind === 'video' ? (options.maxVideoKbps ?? DEFAULT_VIDEO_KBPS) : AUDIO_KBPS);
      }
      const location = response.headers.get('Location');
      return new WhipSession(peer, location ? new URL(location, new URL(options.url, document.baseURI)).href : '', options.send);
    } catch (error) {
      peer.close();
      throw error;
    }
  }

  /** Swap camera or microphone without a new session. */
  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    const sender = this.peer.getSenders().find((candidate) => candidate.track?.kind === track.kind);
    await sender?.replaceTrack(track);
  }

  /** End the session on both sides. The server forgets us by itself when the DELETE is lost. */
  async close(): Promise<void> {
    this.peer.close();
    if (this.location) await this.send('DELETE', this.location).catch(() => undefined);
  }
}

function offerTracks(peer: RTCPeerConnection, stream: MediaStream): RTCRtpSender[] {
  const tracks = [...stream.getAudioTracks(), ...stream.getVideoTracks()];
  return tracks.map((track) => {
    const transceiver = peer.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
    if (track.kind === 'video') chooseCodecs(transceiver);
    return transceiver.sender;
  });
}
