# Shell functions to run one check after the other; `.ci/run` reads this file.

# Runs one step, and prints how long it took. If the step fails, the run ends.
#
# In a subshell that is no part of a condition: within `if`, `!`, `&&` and `||`, bash ignores `set -e`, so that only the
# last command of a function would decide.
step() {
    local name=$1 begin=$SECONDS code=0
    shift
    printf '\n== %s\n' "$name"
    set +e
    (
        set -e
        "$@"
    )
    code=$?
    set -e
    if ((code != 0)); then
        printf '== %s: FAILED after %d s\n' "$name" "$((SECONDS - begin))"
        exit 1
    fi
    printf '== %s: ok, %d s\n' "$name" "$((SECONDS - begin))"
}
