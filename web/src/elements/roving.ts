const STEP: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** Arrow keys, Home and End within a group of controls: the index to go to, or null for other keys. */
export function roved(event: KeyboardEvent, at: number, length: number, isRtl: boolean): number | null {
  if (event.key === 'Home') return 0;
  if (event.key === 'End') return length - 1;
  const step = STEP[event.key];
  if (step === undefined) return null;
  const turned = isRtl && event.key.match(/Left|Right/) ? -step : step;
  return (at + turned + length) % length;
}

export const isRtl = (element: Element): boolean => getComputedStyle(element).direction === 'rtl';
