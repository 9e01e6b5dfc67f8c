/** Where a link may lead: to a page that is encrypted, or to a mailbox. Anything else is text, and so is an address that begins like another. */
export const safeLink = (href: string): string | undefined => {
  if (!/^(https:\/\/|mailto:)/i.test(href) || href.length > 4000) return undefined;
  try {
    const url = new URL(href);
    return (url.protocol === "https:" || url.protocol === "mailto:") && !url.username && !url.password ? url.href : undefined;
  } catch {
    return undefined;
  }
};

/** Where a link of the page's own may lead: anywhere on the web, also by an address that is relative to the page. */
export const ownLink = (address: string): string | undefined => {
  const url = URL.canParse(address, document.baseURI) ? new URL(address, document.baseURI) : undefined;
  return url && /^https?:$/.test(url.protocol) ? url.href : undefined;
};

/** What a link has besides where it leads: the page behind it learns nothing, and can do nothing to this one. */
export const LINK = { target: "_blank", rel: "noopener noreferrer nofollow", part: "link" };
