#!/usr/bin/env bash
# Compiles a crate of ours as the gate wants it; Cargo calls it with the compiler and its
# arguments. Cargo knows one level of optimisation for a package: for the engine it is that of
# a release, whose instructions the guards count. The engine's unit tests are a second build
# of all of it, which takes minutes to optimise, and they run for seconds.
set -euo pipefail
case " $* " in
    *" --crate-name backstock_engine "*" --test "*) exec "$@" -C opt-level=0 ;;
    *) exec "$@" ;;
esac
