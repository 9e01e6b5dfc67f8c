# The tools from npm that the checks of the contract and of the client share, and a browser. Expects `check` to be the name
# of the script.

listed=$PWD/scripts/lib/openapi
tools=$(realpath -m "${CARGO_TARGET_DIR:-target}")/openapi-tools
readonly listed tools

step() { printf '%s: %s\n' "$check" "$*"; }

left_out() {
  printf '%s: %s\n' "$check" "$*" >&2
  exit 3
}

fail() {
  printf '%s: %s\n' "$check" "$*" >&2
  exit 1
}

# Runs a tool, and shows what it said only if it refuses.
quietly() {
  local said
  said=$("$@" 2>&1) || { printf '%s\n' "$said" >&2; fail "this refused the contract, or what was made of it: $*"; }
}

# Downloads the tools once, and puts them first in PATH. Two checks at once take turns.
make_node_tools() {
  command -v npm >/dev/null || left_out "this needs Node 20.19 or newer with npm; it was left out."
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
    left_out "this needs Node 20.19 or newer; it was left out."
  mkdir -p "$tools"
  exec 9>"$tools/lock"
  if command -v flock >/dev/null; then flock 9; fi
  cp "$listed/package.json" "$listed/package-lock.json" "$tools/"
  if ! cmp --silent "$listed/package-lock.json" "$tools/node-made-from"; then
    step "downloading the Node tools (once)"
    (cd "$tools" && npm ci --ignore-scripts --no-audit --no-fund --silent) ||
      left_out "the Node tools could not be downloaded; run this again with a network."
    cp "$listed/package-lock.json" "$tools/node-made-from"
  fi
  export PATH=$tools/node_modules/.bin:$PATH
  # Installing runs no script of a package, which is how Bun would get to where its name is.
  local folder
  for folder in "$tools"/node_modules/@oven/bun-*/bin; do
    if [[ -x $folder/bun ]]; then PATH=$folder:$PATH; fi
  done
}

find_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

# A container or CI is root and may be given a browser; nobody's own machine is.
make_browser() {
  if ! find_browser >/dev/null && ((EUID == 0)) && command -v apt-get >/dev/null; then
    step "installing Chromium (once)"
    { apt-get update && DEBIAN_FRONTEND=noninteractive \
      apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 chromium; } >"$tools/chromium.log" 2>&1 || true
  fi
}

# Holds what a folder of shared was built to against the files of it that are committed: hold_built FOLDER BUILT FILE ...
hold_built() {
  local folder=$1 built=$2 file
  shift 2
  for file; do
    cmp --silent "$built/$file" "$folder/built/$file" ||
      fail "shared/$(basename "$folder")/built/$file is not what the sources make: run $check --update"
  done
}

# Holds files that are committed against what is compressed of them: hold_compressed FOLDER FILE ...
hold_compressed() {
  # Compressors differ from version to version; what they compressed may not.
  quietly node -e '
    const { readFileSync: read } = require("node:fs"), { gunzipSync, brotliDecompressSync } = require("node:zlib");
    const [folder, ...names] = process.argv.slice(1);
    for (const file of names.map((name) => folder + "/built/" + name)) {
      if (!gunzipSync(read(file + ".gz")).equals(read(file))) throw new Error(file + ".gz is of another build");
      if (!brotliDecompressSync(read(file + ".br")).equals(read(file))) throw new Error(file + ".br is of another build");
    }' "$@"
}

# Makes ready what tests in a browser stand on, with the client in a folder of its own; without it they are left out.
prepare_browser_tests() {
  PARLANCE=$(realpath -m "${CARGO_TARGET_DIR:-target}")/debug/parlance
  [[ -x $PARLANCE ]] || left_out "its tests in a browser were left out: build the service first, with cargo build -p container."
  make_browser
  CHROMIUM=$(find_browser || true)
  [[ -n $CHROMIUM ]] || left_out "its tests in a browser were left out: they need Chromium."
  [[ -n ${PG_BIN:-} ]] || PG_BIN=$(scripts/install-postgres | tail -n 1)
  CLIENT=$1
  quietly esbuild shared/client/src/index.ts --bundle --format=esm --outfile="$CLIENT/index.js"
  export PARLANCE CHROMIUM PG_BIN CLIENT TOOLS=$tools
}
