import type { components } from "parlance-client";
import { changeSeen } from "../../call.js";

type Tenant = components["schemas"]["Tenant"];

/** One a line, as people type them: an address with a path is cut to its origin, and one without a scheme is meant with TLS. */
export const originsOf = (text: string): string[] => {
  const lines = text.split(/[\s,]+/).filter(Boolean);
  return [...new Set(lines.map(originOf))];
};

const originOf = (line: string): string => {
  // There are no patterns: the service says so.
  if (line.includes("*")) return line;
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(line) ? line : `https://${line}`;
  try {
    const { origin } = new URL(address);
    // Those of apps have no origin that browsers know: the service says whether it takes them.
    return origin === "null" ? line : origin;
  } catch {
    return line;
  }
};

/** A site's origins must be its organisation's as well: those that are not yet are added there first. */
export const allowOrigins = async (origins: string[]): Promise<void> => {
  if (origins.length === 0) return;
  await changeSeen<Tenant>("/tenants/current", ({ allowed_origins }) => {
    const missing = origins.filter((origin) => !allowed_origins.includes(origin));
    return missing.length > 0 ? { allowed_origins: [...allowed_origins, ...missing] } : undefined;
  });
};
