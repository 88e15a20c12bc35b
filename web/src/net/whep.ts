import { problem, type Api } from './api';

const CONNECT_TIMEOUT_MS = 6_000;

export interface Playing {
  stop(): void;
}

/**
 * Plays a show over WHEP (draft-ietf-wish-whep). Resolves with the first connection, rejects when there is none within
 * six seconds; `onLost` is called once when an established one is gone for good.
 */
export async function playWhep(url: string, video: HTMLVideoElement, api: Api, onLost: () => void): Promise<Playing> {
  const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  const session = new AbortController();
  let resource: string | null = null;
  const stop = (): void => {
    session.abort();
    pc.close();
    if (resource) void fetch(resource, { method: 'DELETE', headers: api.headers('DELETE'), keepalive: true }).catch(() => undefined);
    resource = null;
  };
  try {
    pc.addTransceiver('video', { direction: 'recvonly' });
    pc.addTransceiver('audio', { direction: 'recvonly' });
    const stream = new MediaStream();
    pc.ontrack = ({ track }) => stream.addTrack(track);
    await pc.setLocalDescription(await pc.createOffer());
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/sdp', Accept: 'application/sdp', ...api.headers('POST') },
      credentials: 'same-origin',
      body: pc.localDescription?.sdp ?? '',
      signal: AbortSignal.any([session.signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]),
    });
    if (response.status !== 201) throw await problem(response);
    const location = response.headers.get('Location');
    resource = location ? new URL(location, response.url || url).href : null;
    await pc.setRemoteDescription({ type: 'answer', sdp: await response.text() });
    await connected(pc);
    video.srcObject = stream;
    lostWhenGone(pc, () => {
      stop();
      onLost();
    });
    return { stop };
  } catch (error) {
    stop();
    throw error;
  }
}

function connected(pc: RTCPeerConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no connection')), CONNECT_TIMEOUT_MS);
    pc.onconnectionstatechange = () => {
      if (pc.connectionState !== 'connected' && pc.connectionState !== 'failed') return;
      clearTimeout(timer);
      if (pc.connectionState === 'connected') resolve();
      else reject(new Error('connection failed'));
    };
  });
}

/** "disconnected" often heals by itself; five seconds of it, or "failed", do not. */
function lostWhenGone(pc: RTCPeerConnection, onLost: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  pc.onconnectionstatechange = () => {
    clearTimeout(timer);
    if (pc.connectionState === 'failed') onLost();
    if (pc.connectionState === 'disconnected') timer = setTimeout(onLost, 5_000);
  };
}
