/** Camera and microphone: choosing them, opening them, and saying in words why one does not open. */

export interface Choice {
  cameraId: string | null;
  microphoneId: string | null;
}

export interface DeviceTrouble {
  /** What happened. */
  title: string;
  /** What to do about it. */
  advice: string;
}

const VIDEO: MediaTrackConstraints = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
const AUDIO: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

const TROUBLE: Record<string, DeviceTrouble> = {
  NotAllowedError: { title: 'The browser keeps the camera closed', advice: 'Allow camera and microphone with the icon beside the address, then try again.' },
  NotFoundError: { title: 'No camera or microphone found', advice: 'Plug one in, or open this page on a phone, then try again.' },
  NotReadableError: { title: 'Another program is using the camera', advice: 'Close the other program or tab, then try again.' },
  OverconstrainedError: { title: 'The chosen device is gone', advice: 'Choose another camera or microphone below.' },
  AbortError: { title: 'The camera stopped while it opened', advice: 'Unplug it and plug it in again, then try again.' },
  insecure: { title: 'A camera needs a secure address', advice: 'Open this page over https, or on the computer that runs it as localhost.' },
};

/** Say why a device did not open, and what helps. */
export function troubleOf(error: unknown): DeviceTrouble {
  const name = error instanceof Error ? error.name : '';
  return TROUBLE[name] ?? { title: 'The camera did not open', advice: 'Try again, or choose another device.' };
}

export function canCapture(): boolean {
  return isSecureContext && 'mediaDevices' in navigator;
}

/** Open the chosen devices at 720p, 30 pictures a second. Throws what the browser throws. */
export async function openDevices(choice: Choice): Promise<MediaStream> {
  if (!canCapture()) throw Object.assign(new Error('insecure context'), { name: 'insecure' });
  const stream = await navigator.mediaDevices.getUserMedia({
    video: choice.cameraId ? { ...VIDEO, deviceId: { exact: choice.cameraId } } : { ...VIDEO, facingMode: 'user' },
    audio: choice.microphoneId ? { ...AUDIO, deviceId: { exact: choice.microphoneId } } : AUDIO,
  });
  for (const track of stream.getVideoTracks()) track.contentHint = 'motion';
  return stream;
}

export async function listDevices(): Promise<{ cameras: MediaDeviceInfo[]; microphones: MediaDeviceInfo[] }> {
  const all = canCapture() ? await navigator.mediaDevices.enumerateDevices() : [];
  const known = all.filter((device) => device.deviceId !== '');
  return { cameras: known.filter((device) => device.kind === 'videoinput'), microphones: known.filter((device) => device.kind === 'audioinput') };
}

const REMEMBERED = 'livecommerce.devices';

/** The devices of the last show on this computer. */
export function rememberedChoice(): Choice {
  try {
    const stored = JSON.parse(localStorage.getItem(REMEMBERED) ?? '{}') as Partial<Choice>;
    return { cameraId: stored.cameraId ?? null, microphoneId: stored.microphoneId ?? null };
  } catch {
    return { cameraId: null, microphoneId: null };
  }
}

export function rememberChoice(choice: Choice): void {
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify(choice));
  } catch {
    // Private windows may refuse; the choice then lasts as long as the page.
  }
}
