import { noChange } from 'lit';
import { Directive, PartType, directive, type ElementPart, type PartInfo } from 'lit/directive.js';

class Vars extends Directive {
  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new Error('vars() stands in an element, not in an attribute');
  }

  /** Never called: an element part updates. Its parameter is the type of `vars()`. */
  render(values: Record<string, string | number>): unknown {
    return values;
  }

  override update(part: ElementPart, [values]: [Record<string, string | number>]): typeof noChange {
    for (const [name, value] of Object.entries(values)) (part.element as HTMLElement).style.setProperty(name, String(value));
    return noChange;
  }
}

/** Sets style properties by script. A `style` attribute, also one set by Lit's styleMap, is refused by our policy. */
export const vars = directive(Vars);
