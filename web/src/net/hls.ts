import type { Playing } from './whep';

export interface HlsPlaying extends Playing {
  /** Wall time of the picture on screen (`EXT-X-PROGRAM-DATE-TIME`). */
  playingDate(): Date | null;
}

/** Plays (LL-)HLS: hls.js first, since Chromium claims native HLS that it cannot keep; Safari on phones plays it itself. */
export async function playHls(url: string, video: HTMLVideoElement, headers: Record<string, string>, onLost: () => void): Promise<HlsPlaying> {
  const { default: Hls } = await import('hls.js/light');
  if (!Hls.isSupported()) return playNative(url, video, onLost);
  const hls = new Hls({ enableWorker: false, lowLatencyMode: true, backBufferLength: 30, maxBufferLength: 20, xhrSetup: (xhr, asked) => introduce(xhr, asked, headers) });
  let healed = 0;
  hls.on(Hls.Events.ERROR, (_, { fatal, type }) => {
    if (!fatal) return;
    if (type === Hls.ErrorTypes.MEDIA_ERROR && healed++ < 2) return hls.recoverMediaError();
    hls.destroy();
    onLost();
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return {
    stop: () => hls.destroy(),
    playingDate: () => hls.playingDate,
  };
}

/** A show that is not public asks who watches; a cache in front of ours is not told. */
function introduce(xhr: XMLHttpRequest, asked: string, headers: Record<string, string>): void {
  if (new URL(asked, location.href).origin !== location.origin) return;
  for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
}

/** `getStartDate` is Safari's: the wall time of currentTime 0. */
type Dated = HTMLVideoElement & { getStartDate?: () => Date };

function playNative(url: string, video: HTMLVideoElement, onLost: () => void): HlsPlaying {
  if (!video.canPlayType('application/vnd.apple.mpegurl')) throw new Error('This browser plays no HLS.');
  video.src = url;
  video.addEventListener('error', onLost, { once: true });
  const playingDate = (): Date | null => {
    const start = (video as Dated).getStartDate?.();
    return start && !Number.isNaN(start.getTime()) ? new Date(start.getTime() + video.currentTime * 1000) : null;
  };
  const stop = (): void => {
    video.removeEventListener('error', onLost);
    video.removeAttribute('src');
    video.load();
  };
  return { stop, playingDate };
}
