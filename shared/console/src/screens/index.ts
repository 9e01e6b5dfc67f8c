import type { ComponentType } from "preact";
import type { IconName } from "../icons.js";
import type { Texts } from "../texts/en.js";
import { Account } from "./account.js";
import { ApiKeys } from "./api-keys.js";
import { Audit } from "./audit.js";
import { Conversations } from "./conversations.js";
import { Deployment } from "./deployment.js";
import { Knowledge } from "./knowledge.js";
import { People } from "./people.js";
import { Playground } from "./playground.js";
import { Prompt } from "./prompt.js";
import { Rehearsals } from "./rehearsals.js";
import { Sites } from "./sites.js";
import { Tenants } from "./tenants.js";
import { Unanswered } from "./unanswered.js";
import { UsageScreen } from "./usage.js";

/** What somebody may do. */
export interface Who {
  /** Of the tenant that is on the screen. */
  isAdmin: boolean;
  /** Of the deployment, and in no tenant but its own. */
  isSuperuser: boolean;
  /** Stays in the tenant as a superuser: looks and manages, but does nothing in a user's name. */
  isGuest: boolean;
}

/** What a screen is given: what the address has behind its name, and who looks. */
export interface ScreenProps {
  path: string[];
  who: Who;
}

export const GROUPS = ["use", "make", "manage", "see", "platform", "own"] as const;

export interface ScreenEntry {
  /** In the address. */
  name: string;
  icon: IconName;
  group: (typeof GROUPS)[number];
  label: (t: Texts) => string;
  isFor: (who: Who) => boolean;
  /** Whether somebody comes here first. */
  isHome?: (who: Who) => boolean;
  Show: ComponentType<ScreenProps>;
}

const forAdmins = ({ isAdmin }: Who) => isAdmin;

/** Every screen, in the order in which the navigation has them. A new one is a file beside this one, and a line here. */
export const SCREENS: ScreenEntry[] = [
  { name: "playground", icon: "chat", group: "use", label: (t) => t.playground.title, isFor: () => true, Show: Playground },
  { name: "prompt", icon: "pen", group: "make", label: (t) => t.prompt.title, isFor: forAdmins, Show: Prompt },
  { name: "rehearsals", icon: "compare", group: "make", label: (t) => t.rehearsals.title, isFor: forAdmins, Show: Rehearsals },
  { name: "knowledge", icon: "book", group: "make", label: (t) => t.knowledge.title, isFor: forAdmins, Show: Knowledge },
  { name: "people", icon: "people", group: "manage", label: (t) => t.people.title, isFor: forAdmins, Show: People },
  { name: "sites", icon: "globe", group: "manage", label: (t) => t.sites.title, isFor: forAdmins, Show: Sites },
  { name: "api-keys", icon: "key", group: "manage", label: (t) => t.apiKeys.title, isFor: forAdmins, Show: ApiKeys },
  { name: "usage", icon: "chart", group: "see", label: (t) => t.usage.title, isFor: (who) => who.isAdmin || who.isSuperuser, Show: UsageScreen },
  { name: "conversations", icon: "chat", group: "see", label: (t) => t.conversations.title, isFor: forAdmins, Show: Conversations },
  { name: "unanswered", icon: "question", group: "see", label: (t) => t.unanswered.title, isFor: forAdmins, Show: Unanswered },
  { name: "audit", icon: "audit", group: "see", label: (t) => t.audit.title, isFor: forAdmins, Show: Audit },
  { name: "tenants", icon: "house", group: "platform", label: (t) => t.tenants.title, isFor: ({ isSuperuser }) => isSuperuser, isHome: ({ isSuperuser }) => isSuperuser, Show: Tenants },
  { name: "deployment", icon: "heart", group: "platform", label: (t) => t.deployment.title, isFor: ({ isSuperuser }) => isSuperuser, Show: Deployment },
  { name: "account", icon: "person", group: "own", label: (t) => t.account.title, isFor: ({ isGuest }) => !isGuest, Show: Account },
];
