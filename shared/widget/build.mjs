// Builds the widget into built/, which is committed and is part of the program: `cargo build` needs no Node.
//
//   node build.mjs [FOLDER]     `esbuild` is found in NODE_PATH, or where npm has installed it

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const { build, transform } = createRequire(import.meta.url)("esbuild");
const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2] ?? join(here, "built");

/** Styles are a text in the script, without what only people read. */
const styles = {
  name: "styles",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    }),
};

const bundle = async (entry, more) => {
  const { outputFiles } = await build({
    entryPoints: [join(here, "src", entry)],
    bundle: true,
    minify: true,
    write: false,
    target: ["es2022"],
    charset: "utf8",
    legalComments: "none",
    plugins: [styles],
    ...more,
  });
  return outputFiles[0].contents;
};

const hash = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding);

const chat = await bundle("chat.ts", { format: "esm" });
const define = {
  CHAT_FILE: JSON.stringify(`chat-${hash("sha256", chat, "hex").slice(0, 16)}.js`),
  CHAT_INTEGRITY: JSON.stringify(`sha384-${hash("sha384", chat, "base64")}`),
};
const files = {
  "chat.js": chat,
  "widget.js": await bundle("loader.ts", { format: "iife", define }),
  "index.js": await bundle("index.ts", { format: "esm", external: ["./chat.js"] }),
};

mkdirSync(folder, { recursive: true });
for (const [name, bytes] of Object.entries(files)) {
  const gzip = gzipSync(bytes, { level: 9 });
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  writeFileSync(join(folder, name), bytes);
  if (name !== "index.js") {
    writeFileSync(join(folder, `${name}.gz`), gzip);
    writeFileSync(join(folder, `${name}.br`), brotli);
  }
  console.log(`${name}: ${bytes.length} bytes, ${gzip.length} gzipped, ${brotli.length} as Brotli`);
}
