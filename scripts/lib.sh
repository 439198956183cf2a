# shellcheck shell=bash
# What the scripts beside this file share. It is sourced, never run, and leaves the shell in the root of the checkout.
# shellcheck disable=SC2034  # some of what is set here is used only there
set -euo pipefail

SCRIPTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
ROOT=$(dirname "$SCRIPTS")
cd "$ROOT"

# Tools that are no part of the checkout are kept here, so that a fresh clone finds them again.
CACHE=${PURSER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/purser}

# The release of Rust that everything is built, linted and tested with.
RUST_RELEASE=$(sed -n 's/^channel = "\(.*\)"$/\1/p' rust-toolchain.toml)

WASM_TARGET=wasm32-unknown-unknown
WASM_TARGET_DIR=${PURSER_WASM_TARGET_DIR:-target/wasm}
[[ $WASM_TARGET_DIR == /* ]] || WASM_TARGET_DIR=$ROOT/$WASM_TARGET_DIR

# What Debian needs to build the canister: a compiler that may build its own standard library, the library's source, a linker.
DEBIAN_PACKAGES=(rustc-web cargo-web rust-web-src lld-22)
DEBIAN_RUSTC=/usr/bin/rustc
DEBIAN_CARGO=/usr/bin/cargo
DEBIAN_LINKER=wasm-ld-22
DEBIAN_CLIPPY=/usr/bin/cargo-clippy

IC_WASM_VERSION=0.11.1
SHELLCHECK_VERSION=0.11.0.1

if [[ -t 2 && -z ${NO_COLOR:-} ]]; then
    BOLD=$'\033[1m' RED=$'\033[31m' PLAIN=$'\033[0m'
else
    BOLD='' RED='' PLAIN=''
fi

# Progress goes to standard error: standard output belongs to what a script was asked for.
say() { printf '%s==>%s %s\n' "$BOLD" "$PLAIN" "$*" >&2; }
die() {
    printf '%serror:%s %s\n' "$RED" "$PLAIN" "$*" >&2
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# True if the toolchain that rustup calls $1 is installed and is the pinned release.
is_pinned_rust() { [[ $(rustup run "$1" rustc --version 2>/dev/null) == "rustc $RUST_RELEASE "* ]]; }

# Sets RUSTUP_TOOLCHAIN to the installed toolchain that is the pinned release, whatever its name: a machine that cannot reach rustup's
# servers may have it as `stable` only, and rustup would try to download `1.95.0`. Leaves everything as it is without rustup, where
# RUSTUP_TOOLCHAIN is set already, and where no toolchain is the pinned release (scripts/setup then installs it).
choose_rust() {
    local name
    [[ -z ${RUSTUP_TOOLCHAIN:-} ]] && has rustup || return 0
    for name in "$RUST_RELEASE" $(rustup toolchain list 2>/dev/null | cut -d' ' -f1); do
        if is_pinned_rust "$name"; then
            export RUSTUP_TOOLCHAIN=$name
            return
        fi
    done
}
choose_rust

sha256() {
    if has sha256sum; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1
}

# True if the compiler cargo would use has the standard library for wasm, however it was installed.
has_wasm_target() {
    local libdir
    has cargo && has rustc || return 1
    libdir=$(rustc --print target-libdir --target "$WASM_TARGET" 2>/dev/null) || return 1
    compgen -G "$libdir/libcore-*.rlib" >/dev/null
}

# True if Debian's compiler, the source of its standard library and the linker are all there.
has_debian_wasm() {
    [[ -x $DEBIAN_RUSTC && -x $DEBIAN_CARGO ]] && has "$DEBIAN_LINKER" || return 1
    [[ -f $("$DEBIAN_RUSTC" --print sysroot)/lib/rustlib/src/rust/library/Cargo.toml ]]
}

# Prints which compiler builds the canister: `target` (the usual one, with the wasm target) or `debian` (Debian's, which builds the
# standard library too). PURSER_WASM_TOOLCHAIN forces one of them. Prints nothing and fails if there is none.
wasm_toolchain() {
    local wanted=${PURSER_WASM_TOOLCHAIN:-any}
    if [[ $wanted =~ ^(any|target)$ ]] && has_wasm_target; then
        echo target
    elif [[ $wanted =~ ^(any|debian)$ ]] && has_debian_wasm; then
        echo debian
    else
        return 1
    fi
}

# wasm_rustc TOOLCHAIN ARGUMENT…: the compiler of that toolchain.
wasm_rustc() {
    local toolchain=$1
    shift
    if [[ $toolchain == debian ]]; then "$DEBIAN_RUSTC" "$@"; else rustc "$@"; fi
}

# wasm_cargo TOOLCHAIN SUBCOMMAND ARGUMENT…: cargo for the canister, with the compiler of that toolchain.
wasm_cargo() {
    local toolchain=$1 subcommand=$2 cargo=$DEBIAN_CARGO
    shift 2
    if [[ $toolchain == debian ]]; then
        # Debian's cargo would find rustup's clippy first, which cannot use Debian's standard library.
        if [[ $subcommand == clippy ]]; then cargo=$DEBIAN_CLIPPY; fi
        CARGO=$DEBIAN_CARGO RUSTC=$DEBIAN_RUSTC RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$WASM_TARGET_DIR \
            CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$DEBIAN_LINKER \
            "$cargo" "$subcommand" -Z build-std=std,panic_abort --locked --target "$WASM_TARGET" "$@"
    else
        CARGO_TARGET_DIR=$WASM_TARGET_DIR cargo "$subcommand" --locked --target "$WASM_TARGET" "$@"
    fi
}

# Copies the files of the checkout to folder $1: what git has or would take, as it is now. They get new times, by which cargo tells changes.
copy_checkout() {
    local name
    mkdir -p "$1"
    git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' name; do
        if [[ -e $name ]]; then printf '%s\0' "$name"; fi
    done | tar --null -T - -cf - | tar -xmf - -C "$1"
}

# Prints the path of ic-wasm at the version this project is built with; fails if it is not there.
ic_wasm() {
    local candidate
    for candidate in "$CACHE/ic-wasm-$IC_WASM_VERSION/bin/ic-wasm" "$(command -v ic-wasm || true)"; do
        if [[ -x $candidate && $("$candidate" --version 2>/dev/null) == "ic-wasm $IC_WASM_VERSION" ]]; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

# Prints the path of shellcheck at the version the scripts are linted with; fails if it is not there.
shellcheck_path() {
    local home="$CACHE/shellcheck-$SHELLCHECK_VERSION"
    [[ -x $home/bin/shellcheck ]] || return 1
    echo "$home/bin/shellcheck"
}

# Prints the path of a Python that reads TOML (3.11 or newer); fails if there is none.
python_with_toml() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if has "$name" && "$name" -c 'import tomllib' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}
