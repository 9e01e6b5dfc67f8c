// Builds the console into built/, which is committed and is part of the program: `cargo build` needs no Node.
//
//   node build.mjs [FOLDER]     `esbuild` and `preact` are found in NODE_PATH, or where npm has installed them

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const { build } = createRequire(import.meta.url)("esbuild");
const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2] ?? join(here, "built");

/** What is in the bundle and not ours: its licence goes with it. */
const NOTICE = "/*! With Preact (https://preactjs.com), The MIT License (MIT), Copyright (c) 2015-present Jason Miller. Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the \"Software\"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions: The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software. THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE. */";

const bundle = async (entry, more = {}) => {
  const { outputFiles } = await build({
    entryPoints: [join(here, "src", entry)],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: ["es2022"],
    charset: "utf8",
    legalComments: "none",
    tsconfig: join(here, "tsconfig.json"),
    nodePaths: (process.env.NODE_PATH ?? "").split(":").filter(Boolean),
    ...more,
  });
  return outputFiles[0].contents;
};

const scripts = await bundle("main.tsx", { banner: { js: NOTICE } });
const styles = await bundle("style/all.css");
const named = (name, bytes, kind) => `${name}-${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}.${kind}`;
const page = readFileSync(join(here, "index.html"), "utf8")
  .replace("{style}", named("style", styles, "css"))
  .replace("{app}", named("app", scripts, "js"));
const files = { "app.js": scripts, "style.css": styles, "index.html": Buffer.from(page) };

mkdirSync(folder, { recursive: true });
for (const [name, bytes] of Object.entries(files)) {
  const gzip = gzipSync(bytes, { level: 9 });
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  writeFileSync(join(folder, name), bytes);
  writeFileSync(join(folder, `${name}.gz`), gzip);
  writeFileSync(join(folder, `${name}.br`), brotli);
  console.log(`${name}: ${bytes.length} bytes, ${gzip.length} gzipped, ${brotli.length} as Brotli`);
}
