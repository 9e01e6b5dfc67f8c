// One service of a Railway project: the one that runs Parlance. Whatever else the project has, and whatever else this
// service is set to, stays as it is.
//
//   npm install --no-save railway@3.11.0     (Node 22.7 or newer)
//   railway config plan                      what would change
//   railway config apply                     change it
//
// The service has another name? PARLANCE_SERVICE=web railway config plan. It must be there already: nothing is created here.
//
// Railway's rule is that what such a file does not say shall not be: a variable it does not name is deleted, and so is a
// service, unless the file is a named part of the project. So this file first asks Railway what the service is set to
// (variables come back as names, without their values) and says all of it again, with the settings below in it.
//
// A push deploys the code, never this file. `railway.toml` says the same for as long as Railway reads it (until
// 2026-12-01). A change to one belongs in the other, and the test functions/container/tests/api/railway.rs fails while the
// two differ. It reads the literals below as text, so keep one setting to a line and every value a plain literal.

import { execFileSync } from "node:child_process";
import { defineRailway, preserve, project } from "railway/iac";

declare const process: { env: Record<string, string | undefined> };

type Settings = Record<string, unknown>;
type Resource = {
  type: string;
  name: string;
  build?: Settings;
  deploy?: Settings;
  variables?: Settings;
  volumeAttachments?: Settings;
};

const settings = {
  build: {
    builder: "DOCKERFILE",
    dockerfilePath: "Dockerfile",
    watchPatterns: ["/functions/**", "/shared/**", "/migrations/**", "/Cargo.*", "/Dockerfile"],
  },
  deploy: {
    preDeployCommand: ["parlance migrate"],
    startCommand: "parlance serve",
    healthcheckPath: "/ready",
    healthcheckTimeout: 60,
    restartPolicyType: "ON_FAILURE",
    restartPolicyMaxRetries: 10,
    overlapSeconds: 20,
    drainingSeconds: 120,
  },
};

// Set while this file asks: it is evaluated once more for that, and then says nothing, in the name of a part that owns
// nothing.
const ASKING = "PARLANCE_RAILWAY_ASKING";
const asking = process.env[ASKING] !== undefined;

/** What the environment has now, as `railway config plan` sees it. */
function current(): Resource[] {
  const answer = execFileSync("railway", ["config", "plan", "--json", "--file", import.meta.filename], {
    encoding: "utf8",
    env: { ...process.env, [ASKING]: "1" },
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const resources: Resource[] | undefined = JSON.parse(answer).currentGraph?.resources;
  if (!resources) {
    throw new Error("Railway did not say what the project has, so nothing is planned. Update the CLI and try again.");
  }
  return resources;
}

/** The service as it is, with the settings above in it. */
function parlance(): Resource {
  const name = process.env.PARLANCE_SERVICE || "parlance";
  const services = current().filter((resource) => resource.type === "service");
  const found = services.find((service) => service.name === name);
  if (!found) {
    const names = services.map((service) => service.name).join(", ") || "none";
    throw new Error(
      `This environment has no service ${name} (its services: ${names}). Create it from the repository first, or say ` +
        "which one it is: PARLANCE_SERVICE=<name> railway config plan",
    );
  }
  if (found.volumeAttachments) {
    throw new Error(`The service ${name} has a volume, and Parlance needs none. Detach it, or give Parlance another one.`);
  }
  const names = Object.keys(found.variables ?? {});
  const kept = Object.entries(found).filter(([, value]) => value !== null);
  return {
    ...(Object.fromEntries(kept) as Resource),
    build: { ...found.build, ...settings.build },
    deploy: { ...found.deploy, ...settings.deploy },
    // preserve() keeps the value that was set in Railway: none is ever written here.
    variables: Object.fromEntries(names.map((variable) => [variable, preserve()])),
  };
}

// Without this name, the file would speak for the whole project.
export const partial = asking ? "parlance-asks" : "parlance";

export default defineRailway(() => project("parlance", { resources: asking ? [] : [parlance() as never] }));
