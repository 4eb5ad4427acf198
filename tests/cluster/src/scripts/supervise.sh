# Runs a command that must not outlive whoever holds the other end of this shell's standard input.
#
#   sh -c "$(cat supervise.sh)" supervise SECONDS PIDFILE COMMAND…
#
# The holder closes its end, or dies: the command gets SIGTERM, and SIGKILL after SECONDS. The holder writes
# "kill": SIGKILL at once. The command ends by itself: so does this shell, with the same status.
# The shell leads a process group of its own, so the command's own children go the same way.
grace=$1 pidfile=$2
shift 2
rm -f "$pidfile"
stopping=
# Caught, not ignored: only what is caught is back to normal in the command.
trap 'stopping=yes' TERM
# What this shell itself has to say ("Killed") is no part of the command's output.
exec 3<&0 </dev/null 4>&2 2>/dev/null
# The command first: this shell reaps it, and is itself the last that its holder waits for.
kill_it() {
  kill -TERM "$$"
  kill -KILL "$(cat "$pidfile")" || kill -KILL 0
}
(
  exec 4>&-
  trap '' TERM
  read -r order <&3
  if [ "$order" != kill ]; then
    kill -TERM 0
    # Away from our output, so that this sleep holds up nobody when it is not waited for.
    sleep "$grace" >/dev/null
  fi
  kill_it
) &
watcher=$!
exec 3<&-
sh -c 'exec 2>&4 4>&-; echo "$$" >"$1" && shift && exec "$@"' control-plane "$pidfile" "$@"
status=$?
# What the command left behind has had its time.
[ -z "$stopping" ] || kill -KILL 0
kill -KILL "$watcher"
trap '' TERM
kill -TERM 0
exit "$status"
