// The Railway project: one service, built from the Dockerfile of this repository.
//
//   npm install --no-save railway@3.11.0                               (Node 22 or newer)
//   GITHUB_REPOSITORY=<owner>/<repository> railway config plan         what would change
//   GITHUB_REPOSITORY=<owner>/<repository> railway config apply        change it
//
// A push deploys the code, never this file. GitHub Actions sets GITHUB_REPOSITORY by itself.
//
// `railway.toml` says the same for as long as Railway reads it (until 2026-12-01). A change to one belongs in the other,
// and the test functions/container/tests/api/railway.rs fails while the two differ. It reads the literals below as text, so
// keep one setting to a line and every value a plain literal.

import { defineRailway, github, preserve, project, service } from "railway/iac";

declare const process: { env: Record<string, string | undefined> };

const repository = process.env.GITHUB_REPOSITORY;
if (!repository || !/^[^/\s]+\/[^/\s]+$/.test(repository)) {
  throw new Error("Set GITHUB_REPOSITORY to the repository Railway deploys, as owner/name.");
}

export default defineRailway(() =>
  project("parlance", {
    resources: [
      service("parlance", {
        source: github(repository, { branch: "main" }),
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
        // preserve() keeps the value that was set in Railway: a secret is never written here.
        env: {
          DATABASE_URL: preserve(),
          SECRET_KEY: preserve(),
          JWT_SECRET_KEY: preserve(),
          OPENAI_API_KEY: preserve(),
          PINECONE_API_KEY: preserve(),
          INDEX_NAME: preserve(),
          DEEPSEEK_API_KEY: preserve(),
          BACKEND_CORS_ORIGINS: preserve(),
          ALGORITHM: "HS256",
          ACCESS_TOKEN_EXPIRE_MINUTES: "15",
          RUST_LOG: "info",
        },
      }),
    ],
  }),
);
