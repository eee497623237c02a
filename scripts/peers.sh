#!/usr/bin/env bash
# Plays the `holiday` orders against Backstock, Redis, PostgreSQL and an empty gRPC
# handler, one after the other on this machine, and prints one table.
#
#     scripts/peers.sh [--skus N] [--seconds S] [--json FILE] ...
#
# All options go to the binary `peers` of backstock-benches; --help lists them.
# Servers listen on the loopback, keep their data in a temporary directory (below
# TMPDIR), and are ended with it. Installs Debian's redis-server and postgresql
# when they are missing and it is run as root.
set -euo pipefail

fail() { echo "peers: $1" >&2; exit 1; }

# A path that was given is meant from where the caller stands.
args=() ; after=""
for arg in "$@"; do
    case "$after $arg" in
        "--json "[!/]*) arg="$PWD/$arg" ;;
        *" --json="[!/]*) arg="--json=$PWD/${arg#--json=}" ;;
    esac
    args+=("$arg")
    after="$arg"
done
cd "$(dirname "$0")/.."

# The server of PostgreSQL is outside of the path on Debian.
find_postgres() {
    local bin
    for bin in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
        [ -x "$bin/initdb" ] && { echo "$bin"; return; }
    done
    bin="$(command -v initdb)" && dirname "$(readlink -f "$bin")"
}

found() { command -v redis-server > /dev/null && find_postgres > /dev/null; }

install_servers() {
    command -v apt-get > /dev/null && [ "$(id -u)" = 0 ] || return 0
    echo "peers: installing redis-server and postgresql" >&2
    # Their services must not start: this script starts its own.
    apt-get update -qq > /dev/null || return 0
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends redis-server postgresql > /dev/null || return 0
}

found || install_servers
found || fail "Redis and PostgreSQL are needed; install the packages redis-server and postgresql"
postgres_bin="$(find_postgres)"

cargo build --release --locked -p backstock-benches --bin peers
target="$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')"

dir="$(mktemp -d)"
pids=()
# Whatever happens, what was started here ends, and by its own pid: the last first.
# At the second signal PostgreSQL waits for no client.
clean_up() {
    local at pid
    for ((at = ${#pids[@]} - 1; at >= 0; at--)); do
        pid="${pids[at]}"
        kill -TERM "$pid" 2> /dev/null || continue
        kill -INT "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
    done
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

case "$(stat -f -c %T "$dir")" in
    tmpfs | ramfs) fail "$dir is in memory, where a sync costs nothing; set TMPDIR to a directory on a disk" ;;
esac

listens() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }

free_port() {
    local port
    for _ in $(seq 100); do
        port=$((20000 + RANDOM % 12000))
        listens "$port" || { echo "$port"; return; }
    done
    fail "no free port"
}

# Waits until the server with that pid listens there.
await() {
    local name="$1" pid="$2" port="$3"
    for _ in $(seq 300); do
        listens "$port" && return
        kill -0 "$pid" 2> /dev/null || break
        sleep 0.1
    done
    tail -n 5 "$dir/$name.log" >&2
    fail "$name did not start"
}

# Redis: each answer waits for the sync of the append-only file, as ours does. No
# snapshots and no rewriting of the file beside the orders.
redis_port="$(free_port)"
mkdir "$dir/redis"
redis-server --bind 127.0.0.1 --port "$redis_port" --dir "$dir/redis" --daemonize no \
    --appendonly yes --appendfsync always --save "" --auto-aof-rewrite-percentage 0 \
    > "$dir/redis.log" 2>&1 &
pids+=($!)
await redis "$!" "$redis_port"

# PostgreSQL refuses to run as root.
as_user=()
if [ "$(id -u)" = 0 ]; then
    user=nobody
    ! id postgres > /dev/null 2>&1 || user=postgres
    as_user=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups)
    chmod 711 "$dir"
    install -d -o "$user" -m 700 "$dir/postgres"
else
    mkdir -m 700 "$dir/postgres"
fi
postgres_port="$(free_port)"
(cd "$dir/postgres" && "${as_user[@]}" "$postgres_bin/initdb" --pgdata=data --username=postgres \
    --auth=trust --encoding=UTF8 --locale=C) > "$dir/postgres.log" 2>&1 \
    || { tail -n 5 "$dir/postgres.log" >&2; fail "PostgreSQL could not make its directory"; }

# Each commit waits for the sync of the log. All data fits the buffers. No
# checkpoint, vacuum or compilation comes beside the orders; a plan is made once.
settings=(
    fsync=on synchronous_commit=on full_page_writes=on
    listen_addresses=127.0.0.1 "port=$postgres_port" unix_socket_directories=
    shared_buffers=2GB wal_buffers=64MB max_wal_size=16GB checkpoint_timeout=1h
    autovacuum=off jit=off plan_cache_mode=force_generic_plan
)
(cd "$dir/postgres" && exec "${as_user[@]}" "$postgres_bin/postgres" -D data "${settings[@]/#/--}") \
    >> "$dir/postgres.log" 2>&1 &
pids+=($!)
await postgres "$!" "$postgres_port"

echo "peers: $(redis-server --version | cut -d' ' -f1-3), $("$postgres_bin/postgres" --version)" >&2
mkdir "$dir/ours"
"$target/release/peers" --redis "127.0.0.1:$redis_port" --postgres "127.0.0.1:$postgres_port" \
    --data "$dir/ours" "${args[@]}" &
pids+=($!)
# Not in the foreground, where it would hold up a signal to this script.
wait "$!"
