#!/usr/bin/env bash
# Fuzzes each target, or those named, for FUZZ_SECONDS: first with all inputs that are kept, then with
# what becomes of them. `--keep` fuzzes nothing, and keeps of what was found what reaches something new.
set -euo pipefail
cd "$(dirname "$0")"

keep=false
if [ "${1-}" = --keep ]; then
    keep=true
    shift
fi
targets=("$@")
[ $# -gt 0 ] || targets=(verify jwk config login_body)

cargo=${CARGO:-cargo}
# Not --locked: what tegata is made of is in the lock file of the root, which moves on.
$cargo build --release
programs=${CARGO_TARGET_DIR:-target}/$($cargo -vV | sed -n 's/^host: //p')/release

for target in "${targets[@]}"; do
    found=target/found/$target
    kept=target/kept/$target
    rm -rf "$kept"
    mkdir -p "$found" "$kept" "corpus/$target" artifacts
    # What the tests of the parts have is not kept twice.
    case $target in
    jwk) cp ../crates/tegata-jwt/tests/{keys/*,vectors/*.jwk*} "$kept" ;;
    config) cp ../config.toml "$kept" ;;
    esac
    options=("-artifact_prefix=artifacts/$target-" -max_len=16384 -timeout=10 -print_funcs=0)

    if $keep; then
        # Each new edge, and not each number of times: hundreds of small files, and not thousands.
        options+=(-use_counters=0 -max_len=4096)
        old=target/old/$target
        rm -rf "$old"
        mkdir -p "$old"
        mv "corpus/$target"/* "$old" 2>/dev/null || true
        covered=target/covered/$target
        rm -rf "$covered"
        mkdir -p "$covered"
        "$programs/$target" "${options[@]}" -merge=1 "$covered" "seeds/$target" "$kept"
        ls "$covered" >"$covered.seeds"
        "$programs/$target" "${options[@]}" -set_cover_merge=1 "$covered" "$old" "$found"
        for input in "$covered"/*; do
            name=$(basename "$input")
            grep -qx "$name" "$covered.seeds" || cp "$input" "corpus/$target/$name"
        done
        continue
    fi
    echo "$target: ${FUZZ_SECONDS:=120} s"
    "$programs/$target" "${options[@]}" "-max_total_time=$FUZZ_SECONDS" "-dict=dictionaries/$target.dict" \
        -print_final_stats=1 "$found" "seeds/$target" "corpus/$target" "$kept"
done
