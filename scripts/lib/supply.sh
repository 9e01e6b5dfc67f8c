# The tools that look at what the program is built of, in these versions. Expects `check` to be the name of the script.

readonly CARGO_DENY=0.20.2 CARGO_CYCLONEDX=0.5.9
supply=$(realpath -m "${CARGO_TARGET_DIR:-target}")/supply-tools
readonly supply
export PATH=$supply/bin:$PATH

step() { printf '%s: %s\n' "$check" "$*" >&2; }

left_out() {
  step "$*"
  exit 3
}

# Builds a tool from crates.io, once: install_tool NAME VERSION.
install_tool() {
  if [[ $("$supply/bin/$1" --version 2>/dev/null || "$supply/bin/$1" cyclonedx --version 2>/dev/null) == *" $2" ]]; then return; fi
  step "building $1 $2 (once, some minutes)"
  cargo install --quiet --locked --root "$supply" "$1@$2"
}
