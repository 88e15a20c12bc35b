/** The words of the shop's HTML, without its markup: parsed in a document that runs and loads nothing. */
export function plainText(markup: string): string {
  const parsed = new DOMParser().parseFromString(markup, 'text/html');
  return parsed.body.textContent.replace(/\s+/g, ' ').trim();
}
