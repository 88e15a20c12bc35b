/** What our own RTCPeerConnection says about the upload. */

export interface SenderSample {
  atMs: number;
  bytes: number;
  bitrateKbps: number | null;
  fps: number | null;
  width: number | null;
  height: number | null;
  lossPercent: number | null;
  rttMs: number | null;
  /** How long the server has said nothing, neither reports nor checks; null when the browser does not tell. */
  silentMs: number | null;
  limitedBy: 'none' | 'cpu' | 'bandwidth' | 'other';
}

type Report = Record<string, unknown> & { type: string; timestamp: number };

const numberOf = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

/** One reading; the bitrate needs the reading before it. */
export function sampleOf(reports: Iterable<Report>, before: SenderSample | null): SenderSample {
  const all = [...reports];
  const video = all.find((report) => report.type === 'outbound-rtp' && report.kind === 'video');
  const remote = all.find((report) => report.type === 'remote-inbound-rtp' && report.kind === 'video');
  const pair = all.find((report) => report.type === 'candidate-pair' && report.nominated === true);
  const atMs = video?.timestamp ?? Date.now();
  const bytes = numberOf(video?.bytesSent) ?? 0;
  const span = before ? atMs - before.atMs : 0;
  const loss = numberOf(remote?.fractionLost);
  const rtt = numberOf(remote?.roundTripTime) ?? numberOf(pair?.currentRoundTripTime);
  const heard = Math.max(numberOf(pair?.lastPacketReceivedTimestamp) ?? 0, remote?.timestamp ?? 0);
  return {
    atMs,
    silentMs: heard > 0 ? Math.max(0, atMs - heard) : null,
    bytes,
    bitrateKbps: before && span > 0 && bytes >= before.bytes ? Math.round(((bytes - before.bytes) * 8) / span) : null,
    fps: numberOf(video?.framesPerSecond),
    width: numberOf(video?.frameWidth),
    height: numberOf(video?.frameHeight),
    lossPercent: loss === null ? null : Math.round(loss * 1000) / 10,
    rttMs: rtt === null ? null : Math.round(rtt * 1000),
    limitedBy: (video?.qualityLimitationReason as SenderSample['limitedBy'] | undefined) ?? 'none',
  };
}

export async function readSender(peer: RTCPeerConnection, before: SenderSample | null): Promise<SenderSample> {
  const reports: Report[] = [];
  (await peer.getStats()).forEach((report: Report) => reports.push(report));
  return sampleOf(reports, before);
}
