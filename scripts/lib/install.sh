# shellcheck shell=bash
# What scripts/install-postgres, scripts/install-pgbouncer and scripts/install-faketime share; sourced by them.

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
readonly checkout
readonly apt_dir=$checkout/.parlance/apt

say() { printf '%s\n' "${0##*/}: $*" >&2; }

fail() {
  say "$*"
  exit 1
}

# What is installed is not there, and whoever needs it does without.
left_out() {
  say "left out: $*"
  exit 3
}

have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if ((EUID == 0)); then
    "$@"
  else
    sudo -n "$@"
  fi
}

can_be_root() { ((EUID == 0)) || { have sudo && sudo -n true 2>/dev/null; }; }

# The first package manager of those named that may be used, if any; brew is for ordinary users.
system_manager() {
  local manager
  if can_be_root; then
    for manager in "$@"; do
      if have "$manager"; then
        printf '%s\n' "$manager"
        return
      fi
    done
  fi
  ((EUID != 0)) && have brew && printf 'brew\n'
}

# Several tests may find the programs missing at the same moment: one installs, the others wait. Succeeds for a caller
# that had to wait and should look again.
waited_for_another() {
  have flock && mkdir -p "$checkout/.parlance" 2>/dev/null && [[ -w $checkout/.parlance ]] || return 1
  exec 9>"$checkout/.parlance/install.lock"
  flock --nonblock 9 && return 1
  say "waiting for another installation into .parlance"
  flock 9
}

# --- apt, without root ----------------------------------------------------------------------------------------------

have_apt() { [[ $(uname -s) == Linux ]] && have apt-get && have apt-cache && have dpkg-deb; }

# Makes $apt_dir, where apt_user works: with the system's sources and keys, and lists and downloads of our own. What is
# installed is what the file says that is given. Hooks are for root.
apt_begin() {
  local installed=$1
  mkdir -p "$apt_dir"/{lists/partial,cache/archives/partial} || return
  rm -f "$apt_dir"/cache/archives/*.deb
  cat >"$apt_dir/apt.conf" <<CONF
Dir::State "$apt_dir";
Dir::State::lists "$apt_dir/lists";
Dir::State::status "$installed";
Dir::State::extended_states "$apt_dir/extended_states";
Dir::Cache "$apt_dir/cache";
Dir::Cache::archives "$apt_dir/cache/archives";
Dir::Log "$apt_dir/log";
Debug::NoLocking "true";
APT::Sandbox::User "";
APT::Keep-Downloaded-Packages "true";
Acquire::Languages "none";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear Acquire::IndexTargets::deb::DEP-11;
#clear Acquire::IndexTargets::deb::DEP-11-icons;
#clear Acquire::IndexTargets::deb::DEP-11-icons-small;
#clear Acquire::IndexTargets::deb::DEP-11-icons-hidpi;
#clear Acquire::IndexTargets::deb::DEP-11-icons-large;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
CONF
}

apt_user() {
  local program=$1
  shift
  "$program" -c "$apt_dir/apt.conf" "$@"
}

apt_lists() { apt_user apt-get update || say "apt-get update had trouble; going on with the package lists there are"; }

apt_end() { rm -rf "$apt_dir"; }
